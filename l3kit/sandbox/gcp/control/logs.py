"""Cloud Logging: what functions wrote, the buckets that every project has, and metrics over log entries."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.control.answers import invalid, missing, taken
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, changed, page
from l3kit.sandbox.gcp.control.effects import Effects
from l3kit.sandbox.gcp.control.project import Project, time_text
from l3kit.sandbox.gcp.control.projects import MADE

_SERVICE = re.compile(r'resource\.labels\.(?:service_name|function_name)\s*=\s*"([^"]+)"')
_SINCE = re.compile(r'timestamp\s*>=?\s*"([^"]+)"')
_DAYS = {"_Default": 30, "_Required": 400}


@dataclass(slots=True)
class Logs:
    """Log entries come from the functions' own logs; nothing is kept here but settings."""

    project: Project
    effects: Effects
    _buckets: dict[str, dict[str, Any]] = field(default_factory=dict)
    _metrics: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, days in _DAYS.items():
            full = f"{self.project.name}/locations/global/buckets/{name}"
            fixed = {"locked": True} if name == "_Required" else {}
            made = time_text(MADE)
            self._buckets[full] = {
                "name": full,
                "retentionDays": days,
                "lifecycleState": "ACTIVE",
                "createTime": made,
                "updateTime": made,
                **fixed,
            }

    def methods(self) -> Methods:
        buckets, metrics = "logging.projects.locations.buckets", "logging.projects.metrics"
        return {
            "logging.entries.list": Method(self._entries, "logging.logEntries.list", lambda call: self.project.name),
            f"{buckets}.get": Method(self._get_bucket, "logging.buckets.get"),
            f"{buckets}.list": Method(self._list_buckets, "logging.buckets.list"),
            f"{buckets}.patch": Method(self._patch_bucket, "logging.buckets.update"),
            f"{metrics}.create": Method(self._create_metric, "logging.logMetrics.create"),
            f"{metrics}.get": Method(self._get_metric, "logging.logMetrics.get"),
            f"{metrics}.list": Method(self._list_metrics, "logging.logMetrics.list"),
            f"{metrics}.update": Method(self._update_metric, "logging.logMetrics.update"),
            f"{metrics}.delete": Method(self._delete_metric, "logging.logMetrics.delete"),
        }

    def metric(self, name: str) -> dict[str, Any] | None:
        """Return a metric; None if there is none of this name."""
        return self._metrics.get(name)

    async def _entries(self, call: Call) -> Answer:
        asked = str(call.body.get("filter") or "")
        service, since = _SERVICE.search(asked), _SINCE.search(asked)
        if service is None:
            raise invalid("The l3kit sandbox's log has entries by resource.labels.service_name only.", "filter")
        lines = await self.effects.log_of(service[1], since[1] if since else "")
        labels = {"service_name": service[1], "location": self.project.region, "project_id": self.project.id}
        found: list[dict[str, Any]] = [
            {
                "insertId": line.insert_id,
                "timestamp": line.moment,
                "receiveTimestamp": line.moment,
                "logName": f"{self.project.name}/logs/run.googleapis.com%2Fstdout",
                "resource": {"type": "cloud_run_revision", "labels": labels},
                "textPayload": line.text,
            }
            for line in lines
        ]
        if str(call.body.get("orderBy") or "").endswith("desc"):
            found.reverse()
        size, start = int(call.body.get("pageSize") or 50), int(call.body.get("pageToken") or 0)
        more = {"nextPageToken": str(start + size)} if start + size < len(found) else {}
        shown = found[start : start + size]
        return {**({"entries": shown} if shown else {}), **more}

    def _get_bucket(self, call: Call) -> Answer:
        return self._bucket(call)

    def _list_buckets(self, call: Call) -> Answer:
        return page(call, [one for _, one in sorted(self._buckets.items())], "buckets")

    def _patch_bucket(self, call: Call) -> Answer:
        bucket = self._bucket(call)
        mask = tuple(path for path in call.mask() if path in ("retentionDays", "description"))
        if bucket.get("locked"):
            raise invalid("Cannot update the retention of a locked bucket.")
        self._buckets[bucket["name"]] = {**changed(bucket, call.body, mask), "updateTime": self.project.now()}
        return self._buckets[bucket["name"]]

    def _bucket(self, call: Call) -> dict[str, Any]:
        name = self.project.own(call.name)
        if name not in self._buckets:
            raise missing(f"Bucket {name.rpartition('/')[2]} does not exist")
        return self._buckets[name]

    def _create_metric(self, call: Call) -> Answer:
        one = str(call.body.get("name") or "")
        if not one or not call.body.get("filter"):
            raise invalid("A metric has a name and a filter.", "metric")
        if one in self._metrics:
            raise taken(f"Metric {one} already exists.")
        return self._put_metric(one, call)

    def _get_metric(self, call: Call) -> Answer:
        return self._metric(call)

    def _list_metrics(self, call: Call) -> Answer:
        return page(call, [one for _, one in sorted(self._metrics.items())], "metrics")

    def _update_metric(self, call: Call) -> Answer:
        return self._put_metric(call.name.rpartition("/metrics/")[2], call)

    def _delete_metric(self, call: Call) -> Answer:
        del self._metrics[self._metric(call)["name"]]
        return {}

    def _put_metric(self, one: str, call: Call) -> Answer:
        now = self.project.now()
        kind = f"logging.googleapis.com/user/{one}"
        told = {"metricKind": "DELTA", "valueType": "INT64", "unit": "1", **(call.body.get("metricDescriptor") or {})}
        words = {"description": call.body["description"]} if call.body.get("description") else {}
        descriptor = {**told, **words, "name": f"{self.project.name}/metricDescriptors/{kind}", "type": kind}
        made = self._metrics.get(one, {}).get("createTime", now)
        self._metrics[one] = {
            **call.body,
            "name": one,
            "metricDescriptor": descriptor,
            "createTime": made,
            "updateTime": now,
        }
        return self._metrics[one]

    def _metric(self, call: Call) -> dict[str, Any]:
        one = call.name.rpartition("/metrics/")[2]
        if one not in self._metrics:
            raise missing(f"Metric {one} does not exist.")
        return self._metrics[one]
