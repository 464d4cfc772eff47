"""EventBridge schedules that start the movers, in a schedule group of the twin's own, which carries its tag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.calls import code_of, explained, unless_missing
from l3kit.clouds.aws.control.context import ROLE_LIMIT, Context
from l3kit.clouds.ports.changes import Difference, differs
from l3kit.clouds.ports.resources import Finding

INPUT = '{"time": "<aws.scheduler.scheduled-time>"}'
"""The movers use the scheduled time as now, so a late or repeated delivery has the same cutoff."""
GROUP_LIMIT = 120.0
"""Maximum seconds until a removed group is gone and its name is free."""
TIMEZONE = "UTC"
WINDOW = {"Mode": "OFF"}

_MISSED = "DeadLetterConfig"
_TARGETS = {"Arn": "starts", "RoleArn": "role", "Input": "input", _MISSED: "missed starts"}


@dataclass(frozen=True)
class ScheduleGroup:
    """Schedule group, which carries the ownership tag, since schedules cannot be tagged."""

    context: Context
    name: str
    kind: str = "schedule group"
    holds_data: bool = False

    def compare(self) -> Finding:
        with explained(f"schedule group {self.name}"):
            group = unless_missing(lambda: self._scheduler.get_schedule_group(Name=self.name))
            if group is None or group["State"] == "DELETING":
                return Finding(False)
            tags = self._scheduler.list_tags_for_resource(ResourceArn=group["Arn"])["Tags"]
            return Finding(True, self.context.owns_list(tags))

    def create(self) -> None:
        with explained(f"schedule group {self.name}"):
            self.context.wait(lambda: self._state() != "DELETING", f"schedule group {self.name} is gone", GROUP_LIMIT)
            self._scheduler.create_schedule_group(Name=self.name, Tags=self.context.tag_list())

    def update(self) -> None:
        """Do nothing: a group has no properties to update."""

    def delete(self) -> None:
        """Delete the group with its schedules."""
        with explained(f"schedule group {self.name}"):
            unless_missing(lambda: self._scheduler.delete_schedule_group(Name=self.name))
            self.context.wait(lambda: not self._state(), f"schedule group {self.name} is gone", GROUP_LIMIT)

    def _state(self) -> str:
        """Return `ACTIVE` or `DELETING`; "" if there is no group."""
        there = unless_missing(lambda: self._scheduler.get_schedule_group(Name=self.name))
        return str(there["State"]) if there else ""

    @property
    def _scheduler(self) -> Any:
        return self.context.client("scheduler")


@dataclass(frozen=True)
class Schedule:
    """One enabled schedule that starts this function at this expression.

    Attributes:
        missed_starts: the queue of the starts that Scheduler gave up; empty if it drops them.
    """

    context: Context
    name: str
    group: str
    function: str
    role: str
    expression: str
    missed_starts: str = ""
    kind: str = "schedule"
    holds_data: bool = False

    def compare(self) -> Finding:
        with explained(f"schedule {self.name}"):
            there = unless_missing(lambda: self._scheduler.get_schedule(Name=self.name, GroupName=self.group))
            if there is None:
                return Finding.missing({"runs at": self.expression, "starts": self.function, "role": self.role})
            owned = ScheduleGroup(self.context, self.group).compare().owned
            return Finding.of(owned, self._differences(there))

    def create(self) -> None:
        with explained(f"schedule {self.name}"):
            self._put(self._scheduler.create_schedule)

    def update(self) -> None:
        with explained(f"schedule {self.name}"):
            self._put(self._scheduler.update_schedule)

    def delete(self) -> None:
        with explained(f"schedule {self.name}"):
            unless_missing(lambda: self._scheduler.delete_schedule(Name=self.name, GroupName=self.group))

    @property
    def _scheduler(self) -> Any:
        return self.context.client("scheduler")

    def _target(self) -> dict[str, Any]:
        target: dict[str, Any] = {
            "Arn": self.context.arn("lambda", f"function:{self.function}"),
            "RoleArn": self.context.arn("iam", f"role/{self.role}", regional=False),
            "Input": INPUT,
        }
        if self.missed_starts:
            target[_MISSED] = {"Arn": self.context.arn("sqs", self.missed_starts)}
        return target

    def _put(self, operation: Callable[..., Any]) -> None:
        def put() -> None:
            operation(
                Name=self.name,
                GroupName=self.group,
                ScheduleExpression=self.expression,
                ScheduleExpressionTimezone=TIMEZONE,
                FlexibleTimeWindow=WINDOW,
                State="ENABLED",
                Target=self._target(),
            )

        self.context.retry_while(put, _role_is_new, f"role {self.role} can be assumed by the scheduler", ROLE_LIMIT)

    def _differences(self, there: dict[str, Any]) -> list[Difference]:
        found = []
        if there.get("State") != "ENABLED":
            found.append(differs("it is disabled", "enabled", False, True))
        if (expression := there.get("ScheduleExpression")) != self.expression:
            found.append(
                differs(f"runs at {expression}, not {self.expression}", "runs at", expression, self.expression)
            )
        if (zone := there.get("ScheduleExpressionTimezone", TIMEZONE)) != TIMEZONE:
            found.append(differs(f"its time zone is {zone}, not {TIMEZONE}", "time zone", zone, TIMEZONE))
        if (window := there.get("FlexibleTimeWindow", WINDOW)).get("Mode") != "OFF":
            found.append(differs("its flexible time window differs", "flexible time window", window, WINDOW))
        target, wanted = there.get("Target", {}), self._target()
        for key, word in _TARGETS.items():
            if (target.get(key) or None) != wanted.get(key):
                found.append(differs(f"its {key} differs", word, target.get(key), wanted.get(key)))
        return found


def _role_is_new(error: ClientError) -> bool:
    """Return whether the error means that a new role has not propagated yet."""
    message = error.response.get("Error", {}).get("Message", "").lower()
    return code_of(error) == "ValidationException" and "assume" in message and "role" in message
