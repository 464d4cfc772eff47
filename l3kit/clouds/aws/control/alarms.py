"""CloudWatch alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from l3kit.clouds.aws.control.alarm_specs import AlarmSpec
from l3kit.clouds.aws.control.calls import explained, unless_missing
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.ports.changes import Difference, differs
from l3kit.clouds.ports.resources import Finding
from l3kit.tiering.runtime.measures import NAMESPACE

_SHOWN = {
    "AlarmDescription": "description",
    "Namespace": "namespace",
    "MetricName": "metric",
    "Dimensions": "dimensions",
    "Statistic": "statistic",
    "Period": "period",
    "EvaluationPeriods": "periods",
    "DatapointsToAlarm": "breaching periods",
    "Threshold": "threshold",
    "ComparisonOperator": "comparison",
    "TreatMissingData": "missing data",
    "AlarmActions": "topic for trouble",
    "OKActions": "topic for its end",
    "InsufficientDataActions": "topic for missing data",
    "ActionsEnabled": "notification",
}


@dataclass(frozen=True)
class MetricAlarm:
    """One alarm, which publishes to a topic when something is wrong, and when it has recovered.

    Attributes:
        topic: the topic's name.
    """

    context: Context
    spec: AlarmSpec
    topic: str
    kind: str = "alarm"
    holds_data: bool = False

    @property
    def name(self) -> str:
        return self.spec.name

    def compare(self) -> Finding:
        with explained(f"alarm {self.name}"):
            there = described(self.context, [self.name]).get(self.name)
            if there is None:
                spec = self.spec
                metric, period = f"{spec.metric[0]} {spec.metric[1]}", f"{spec.periods} of {spec.period} s"
                return Finding.missing({"metric": metric, "periods": period, "topic": self.topic})
            return Finding.of(is_owned_alarm(self.context, there), self._differences(there))

    def create(self) -> None:
        """Create the alarm. If it fires on missing reports, first put a value, so that it does not fire at once."""
        with explained(f"alarm {self.name}"):
            if self.spec.missing == "breaching":
                self._note_start()
            self._put()

    def update(self) -> None:
        """Put the alarm whole; its state stays, and so do its tags."""
        with explained(f"alarm {self.name}"):
            self._put()

    def delete(self) -> None:
        with explained(f"alarm {self.name}"):
            unless_missing(partial(self._cloudwatch.delete_alarms, AlarmNames=[self.name]))

    @property
    def _cloudwatch(self) -> Any:
        return self.context.client("cloudwatch")

    def _put(self) -> None:
        self._cloudwatch.put_metric_alarm(**self._wanted(), Tags=self.context.tag_list())

    def _note_start(self) -> None:
        """Put one value, so that the time before the first run does not count as missed."""
        metric = self.spec.metric[1]
        dimensions = self._wanted()["Dimensions"]
        datum = {"MetricName": metric, "Dimensions": dimensions, "Value": 0.0}
        self._cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[datum])

    def _wanted(self) -> dict[str, Any]:
        topic = [self.context.arn("sns", self.topic)]
        actions = {"AlarmActions": topic, "OKActions": topic, "InsufficientDataActions": [], "ActionsEnabled": True}
        return {**self.spec.parameters(), **actions}

    def _differences(self, there: Mapping[str, Any]) -> list[Difference]:
        wanted = self._wanted()
        if "MetricName" not in there:
            return [Difference("it looks at more or other than one metric")]
        return [
            differs(f"its {word} differs", word, there.get(key), wanted[key])
            for key, word in _SHOWN.items()
            if _comparable(key, there) != _comparable(key, wanted)
        ]


@dataclass(frozen=True)
class LeftOverAlarms:
    """Alarms that the twin no longer has: a single resource, so that looking for them costs one request.

    Attributes:
        names: names of all such alarms that may exist.
    """

    context: Context
    names: tuple[str, ...]
    kind: str = "alarms"
    holds_data: bool = False

    @property
    def name(self) -> str:
        return f"{self.context.names.twin_name}-*"

    def compare(self) -> Finding:
        with explained(f"alarms {self.name}"):
            return Finding(bool(self._owned()))

    def create(self) -> None:
        """Do nothing: this resource exists only to be removed."""

    def update(self) -> None:
        """Do nothing: this resource exists only to be removed."""

    def delete(self) -> None:
        with explained(f"alarms {self.name}"):
            if owned := self._owned():
                self.context.client("cloudwatch").delete_alarms(AlarmNames=owned)

    def _owned(self) -> list[str]:
        """Return the alarms of these names that exist and carry this twin's tag."""
        there = described(self.context, list(self.names))
        return [name for name, alarm in there.items() if is_owned_alarm(self.context, alarm)]


def is_owned_alarm(context: Context, alarm: Mapping[str, Any]) -> bool:
    """Return whether an alarm carries this twin's tag. Raises: ClientError."""
    asked = partial(context.client("cloudwatch").list_tags_for_resource, ResourceARN=alarm["AlarmArn"])
    answer = unless_missing(asked)
    return answer is not None and context.owns_list(answer["Tags"])


def described(context: Context, names: list[str]) -> dict[str, dict[str, Any]]:
    """Return the alarms of these names that exist, by name. Raises: ClientError."""
    if not names:
        return {}
    pages = context.client("cloudwatch").get_paginator("describe_alarms")
    found = pages.paginate(AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    both = [one for page in found for one in (*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ()))]
    return {str(one["AlarmName"]): dict(one) for one in both}


def _comparable(key: str, alarm: Mapping[str, Any]) -> Any:
    value = alarm.get(key)
    if key == "DatapointsToAlarm":  # left out, it is all of them
        return value or alarm.get("EvaluationPeriods")
    if key == "Dimensions":
        return sorted((one["Name"], one["Value"]) for one in value or ())
    return sorted(value or ()) if key.endswith("Actions") else value
