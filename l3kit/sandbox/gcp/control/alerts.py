"""Cloud Monitoring: alert policies, and the channels by which they tell somebody."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.control.answers import invalid, missing, unfulfilled
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, changed, page
from l3kit.sandbox.gcp.control.project import Project

_POLICY_FIXED = ("name", "creationRecord", "mutationRecord", "validity")
_USER_METRIC = re.compile(r'metric\.type\s*=\s*"logging\.googleapis\.com/user/([^"]+)"')
_CHANNEL_FIXED = ("name", "verificationStatus", "creationRecord", "mutationRecords")


@dataclass(slots=True)
class Alerts:
    """Policies and channels by name. Nobody is told; who asks for the time series sees whether a policy fires."""

    project: Project
    has_metric: Callable[[str], bool]
    _policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    _channels: dict[str, dict[str, Any]] = field(default_factory=dict)

    def methods(self) -> Methods:
        policies, channels = "monitoring.projects.alertPolicies", "monitoring.projects.notificationChannels"
        permission = "monitoring.alertPolicies"
        other = "monitoring.notificationChannels"
        return {
            f"{policies}.create": Method(self._create_policy, f"{permission}.create"),
            f"{policies}.get": Method(lambda call: self._there(self._policies, call), f"{permission}.get"),
            f"{policies}.list": Method(self._list_policies, f"{permission}.list"),
            f"{policies}.patch": Method(self._patch_policy, f"{permission}.update"),
            f"{policies}.delete": Method(self._delete_policy, f"{permission}.delete"),
            f"{channels}.create": Method(self._create_channel, f"{other}.create"),
            f"{channels}.get": Method(lambda call: self._there(self._channels, call), f"{other}.get"),
            f"{channels}.list": Method(self._list_channels, f"{other}.list"),
            f"{channels}.patch": Method(self._patch_channel, f"{other}.update"),
            f"{channels}.delete": Method(self._delete_channel, f"{other}.delete"),
        }

    def set_verification(self, address: str, status: str) -> None:
        for one in self._channels.values():
            if address in (one.get("labels") or {}).values():
                one["verificationStatus"] = status

    def _create_policy(self, call: Call) -> Answer:
        given = {key: value for key, value in call.body.items() if key not in _POLICY_FIXED}
        name = f"{self.project.name}/alertPolicies/{self.project.digits(19)}"
        record = self._record(call)
        self._policies[name] = {
            "name": name,
            **self._checked(name, given),
            "creationRecord": record,
            "mutationRecord": record,
        }
        return self._policies[name]

    def _list_policies(self, call: Call) -> Answer:
        return page(call, self._filtered(self._policies, call), "alertPolicies")

    def _patch_policy(self, call: Call) -> Answer:
        there = self._there(self._policies, call)
        mask = tuple(path for path in call.mask() if path not in _POLICY_FIXED)
        merged = changed(there, call.body, mask)
        name = there["name"]
        self._policies[name] = {**merged, **self._checked(name, merged), "mutationRecord": self._record(call)}
        return self._policies[name]

    def _delete_policy(self, call: Call) -> Answer:
        del self._policies[self._there(self._policies, call)["name"]]
        return {}

    def _create_channel(self, call: Call) -> Answer:
        given = {key: value for key, value in call.body.items() if key not in _CHANNEL_FIXED}
        kind, labels = given.get("type"), given.get("labels") or {}
        needed = {"email": "email_address", "pubsub": "topic", "webhook_tokenauth": "url"}.get(str(kind))
        if not kind:
            raise invalid("The type of the notification channel is missing.", "notification_channel.type")
        if needed and not labels.get(needed):
            raise invalid(f"A channel of the type {kind} has the label {needed}.", "notification_channel.labels")
        name = f"{self.project.name}/notificationChannels/{self.project.digits(19)}"
        record = self._record(call)
        made = {"name": name, "enabled": True, **given, "creationRecord": record, "mutationRecords": [record]}
        self._channels[name] = made
        return made

    def _list_channels(self, call: Call) -> Answer:
        return page(call, self._filtered(self._channels, call), "notificationChannels")

    def _patch_channel(self, call: Call) -> Answer:
        there = self._there(self._channels, call)
        mask = tuple(path for path in call.mask() if path not in (*_CHANNEL_FIXED, "type"))
        self._channels[there["name"]] = changed(there, call.body, mask)
        return self._channels[there["name"]]

    def _delete_channel(self, call: Call) -> Answer:
        name = self._there(self._channels, call)["name"]
        users = [one for one in self._policies.values() if name in one.get("notificationChannels", ())]
        if users and call.query.get("force") != "true":
            raise unfulfilled(f"Cannot delete the channel {name}: the alert policy {users[0]['name']} uses it.")
        for one in users:
            one["notificationChannels"] = [channel for channel in one["notificationChannels"] if channel != name]
        del self._channels[name]
        return {}

    def _checked(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return a policy as Google completes it. Raises: RefusedError."""
        conditions = [dict(one) for one in given.get("conditions") or ()]
        if not given.get("displayName") or not 0 < len(conditions) <= 6:
            raise invalid("An alert policy has a display name and 1 to 6 conditions.", "alert_policy")
        if not given.get("combiner"):
            raise invalid("The combiner of the alert policy is missing.", "alert_policy.combiner")
        for channel in given.get("notificationChannels") or ():
            if self.project.own(channel) not in self._channels:
                raise missing(f"Could not find notification channel {channel}.")
        for metric in _USER_METRIC.findall(json.dumps(conditions).replace('\\"', '"')):
            if not self.has_metric(metric):
                kind = f"logging.googleapis.com/user/{metric}"
                raise missing(
                    f'Cannot find metric that matches type = "{kind}". If a metric was created recently, it '
                    "could take up to 10 minutes to become available. Please try again soon."
                )
        for one in conditions:
            one.setdefault("name", f"{name}/conditions/{self.project.digits(19)}")
        return {"enabled": True, **given, "conditions": conditions}

    def _filtered(self, kept: Mapping[str, dict[str, Any]], call: Call) -> list[dict[str, Any]]:
        """Return those that the filter takes: equal labels and display names, joined by AND."""
        found = [one for _, one in sorted(kept.items())]
        for term in filter(None, (part.strip() for part in call.query.get("filter", "").split(" AND "))):
            path, sign, text = term.partition("=")
            if not sign:
                raise invalid(f"The l3kit sandbox does not understand the filter {term!r}.", "filter")
            found = [one for one in found if _at(one, path.strip()) == text.strip().strip("\"'")]
        return found

    def _there(self, kept: Mapping[str, dict[str, Any]], call: Call) -> dict[str, Any]:
        name = self.project.own(call.name)
        if name not in kept:
            raise missing(f"Could not find {name}.")
        return kept[name]

    def _record(self, call: Call) -> dict[str, str]:
        return {"mutateTime": self.project.now(), "mutatedBy": call.caller}


def _at(content: Mapping[str, Any], path: str) -> object:
    """Return what is at a filter's path, such as `user_labels.owner`."""
    names = {"user_labels": "userLabels", "display_name": "displayName"}
    value: Any = content
    for part in path.split("."):
        value = value.get(names.get(part, part).strip("\"'")) if isinstance(value, Mapping) else None
    return value
