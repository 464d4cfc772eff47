"""Alert policies of Cloud Monitoring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from l3kit.clouds.gcp.control.alarm_specs import AlarmSpec
from l3kit.clouds.gcp.control.channels import channels_of, first_channels, listed
from l3kit.clouds.gcp.control.place import MONITORING, Place, labels
from l3kit.clouds.gcp.control.refusals import explained, unless_missing
from l3kit.clouds.ports.changes import Difference, differs, list_changes
from l3kit.clouds.ports.control import Refusal
from l3kit.clouds.ports.resources import Finding
from l3kit.clouds.shared.drift import drift
from l3kit.twin.notify import same, shown

ROLE = "roles/monitoring.alertPolicyEditor on the project"
MASK = "conditions,combiner,documentation,notificationChannels,enabled,alertStrategy"
METRIC_LIMIT = 600.0
"""Maximum seconds until Cloud Monitoring knows a new log-based metric."""
AUTO_CLOSE = "1800s"
"""Time after which an incident without data ends; the shortest that is allowed."""


@dataclass(frozen=True)
class AlertPolicy:
    """One policy, which tells all channels of the twin.

    Google names it by a number: its display name and its label identify it.

    Attributes:
        addresses: who is told.
    """

    place: Place
    spec: AlarmSpec
    twin_name: str
    addresses: Sequence[str] = field(default=(), repr=False)
    kind: str = field(default="alarm", init=False)
    holds_data: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        return self.spec.name

    def compare(self) -> Finding:
        with explained(f"alarm {self.name}", ROLE):
            there = self._there()
            if not there:
                return Finding.missing({"metric": self.spec.metric, "window": f"{self.spec.window} s"})
            channels = self._channels()
            found = _differences(self._wanted(channels), there[0])
            come = [shown(one) for one in self.addresses if same(one) not in channels]
            if come:
                told = list_changes("subscriber", (), come)
                found.append(Difference(f"it does not tell {', '.join(come)} yet", told))
            if len(there) > 1:
                found.append(Difference(f"there are {len(there)} of this name"))
            return Finding.of(True, found)

    def create(self) -> None:
        path = f"v3/projects/{self.place.project}/alertPolicies"

        def create() -> None:
            self.place.control.post(MONITORING, path, self._wanted(self._channels()))

        with explained(f"alarm {self.name}", ROLE):
            self._once_known(create)
            self._remove_others()

    def update(self) -> None:
        """Give the policy these values; one of the same name, made by a repeated request, goes."""
        with explained(f"alarm {self.name}", ROLE):
            there = self._there()
            if not there:
                return

            wanted = self._wanted(self._channels())

            def update() -> None:
                self.place.control.patch(MONITORING, f"v3/{there[0]['name']}", wanted, {"updateMask": MASK})

            self._once_known(update)
            self._remove_others()

    def delete(self) -> None:
        with explained(f"alarm {self.name}", ROLE):
            remove(self.place, self._there())

    def _there(self) -> list[dict[str, Any]]:
        return policies_of(self.place, self.twin_name, {self.name})

    def _remove_others(self) -> None:
        remove(self.place, self._there()[1:])

    def _once_known(self, call: Any) -> None:
        what = f"metric {self.spec.metric} is known to Cloud Monitoring"
        self.place.patience.retry_while(call, _is_unknown_metric, what, METRIC_LIMIT)

    def _channels(self) -> dict[str, Mapping[str, Any]]:
        return first_channels(channels_of(self.place, self.twin_name)) if self.addresses else {}

    def _wanted(self, channels: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        told = [channels[key]["name"] for key in map(same, self.addresses) if key in channels]
        return {
            "displayName": self.name,
            "documentation": {"content": self.spec.description, "mimeType": "text/markdown"},
            "userLabels": labels(self.twin_name),
            "conditions": [self.spec.condition()],
            "combiner": "OR",
            "enabled": True,
            "notificationChannels": told,
            "alertStrategy": {"autoClose": AUTO_CLOSE},
        }


@dataclass(frozen=True)
class LeftOverAlarms:
    """Alert policies that the twin no longer has: a single resource, so that looking for them costs one list.

    Attributes:
        names: names of all such alarms that may exist.
    """

    place: Place
    names: tuple[str, ...]
    twin_name: str
    kind: str = field(default="alarms", init=False)
    holds_data: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        return f"{self.twin_name}-*"

    def compare(self) -> Finding:
        with explained(f"alarms {self.name}", ROLE):
            return Finding(bool(policies_of(self.place, self.twin_name, set(self.names))))

    def create(self) -> None:
        """Do nothing: this resource exists only to be removed."""

    def update(self) -> None:
        """Do nothing: this resource exists only to be removed."""

    def delete(self) -> None:
        with explained(f"alarms {self.name}", ROLE):
            remove(self.place, policies_of(self.place, self.twin_name, set(self.names)))


def policies_of(place: Place, twin_name: str, names: set[str]) -> list[dict[str, Any]]:
    """Return the policies with a twin's label that have one of these names. Raises: Refusal."""
    return [one for one in listed(place, twin_name, "alertPolicies") if one.get("displayName") in names]


def remove(place: Place, policies: Sequence[Mapping[str, Any]]) -> None:
    """Delete policies. Raises: Refusal."""
    for one in policies:
        unless_missing(partial(place.control.delete, MONITORING, f"v3/{one['name']}"))


def _is_unknown_metric(refusal: Refusal) -> bool:
    return refusal.status in (400, 404) and "metric" in refusal.message.lower() and "find" in refusal.message.lower()


def _differences(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> list[Difference]:
    """Return what differs; a condition has the name that Google gave it, which does not count."""
    conditions = [{key: value for key, value in one.items() if key != "name"} for one in there.get("conditions") or ()]
    (condition,) = wanted["conditions"]
    if len(conditions) != 1:
        return [differs(f"it has {len(conditions)} conditions", "conditions", len(conditions), 1)]
    whole = {**there, "enabled": there.get("enabled", True), "condition": conditions[0]}
    compared = {key: value for key, value in wanted.items() if key not in ("conditions", "userLabels")}
    in_order = {"notificationChannels": lambda one, other: sorted(one) == sorted(other or ())}
    return drift({**compared, "condition": condition}, whole, same=in_order)
