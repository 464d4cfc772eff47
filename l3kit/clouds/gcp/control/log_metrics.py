"""Log-based metrics, which exist for a twin's alarms."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from l3kit.clouds.gcp.control.alarm_specs import MetricSpec, metric_body
from l3kit.clouds.gcp.control.pages import all_pages
from l3kit.clouds.gcp.control.place import LOGGING, Place, already_there, description, is_described_as
from l3kit.clouds.gcp.control.refusals import explained, is_taken, unless_missing
from l3kit.clouds.ports.control import Refusal
from l3kit.clouds.ports.resources import Finding
from l3kit.clouds.shared.drift import drift

ROLE = "roles/logging.configWriter on the project"
PURPOSE = "Counts for an alarm of l3kit"


@dataclass(frozen=True)
class LogMetric:
    """One counter of log entries, whose description names its owner."""

    place: Place
    spec: MetricSpec
    twin_name: str
    kind: str = field(default="metric", init=False)
    holds_data: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        return self.spec.name

    def compare(self) -> Finding:
        with explained(f"metric {self.name}", ROLE):
            there = self._read()
        if there is None:
            return Finding.missing({"filter": self.spec.filter})
        owned = is_described_as(self.twin_name, there.get("description"))
        wanted = self._wanted()
        compared = {"filter": wanted["filter"], "labelExtractors": wanted["labelExtractors"]}
        return Finding.of(owned, drift(compared, there) if owned else [])

    def create(self) -> None:
        with explained(f"metric {self.name}", ROLE):
            try:
                self.place.control.post(LOGGING, self._parent, self._wanted())
            except Refusal as refusal:
                if is_taken(refusal):
                    raise already_there(self.place, f"metric {self.name}", lambda: self._read() is not None) from None
                raise

    def update(self) -> None:
        with explained(f"metric {self.name}", ROLE):
            self.place.control.put(LOGGING, self._path, self._wanted())

    def delete(self) -> None:
        with explained(f"metric {self.name}", ROLE):
            unless_missing(lambda: self.place.control.delete(LOGGING, self._path))

    @property
    def _parent(self) -> str:
        return f"v2/projects/{self.place.project}/metrics"

    @property
    def _path(self) -> str:
        return f"{self._parent}/{self.name}"

    def _read(self) -> dict[str, Any] | None:
        return unless_missing(lambda: self.place.control.get(LOGGING, self._path))

    def _wanted(self) -> dict[str, Any]:
        return dict(metric_body(self.spec, description(self.twin_name, PURPOSE)))


@dataclass(frozen=True)
class LeftOverMetrics:
    """Log-based metrics that the twin no longer needs: a single resource, so that looking costs one list.

    Attributes:
        names: names of all such metrics that may exist.
    """

    place: Place
    names: tuple[str, ...]
    twin_name: str
    kind: str = field(default="metrics", init=False)
    holds_data: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        return f"{self.twin_name}-*"

    def compare(self) -> Finding:
        with explained(f"metrics {self.name}", ROLE):
            return Finding(bool(self._owned()))

    def create(self) -> None:
        """Do nothing: this resource exists only to be removed."""

    def update(self) -> None:
        """Do nothing: this resource exists only to be removed."""

    def delete(self) -> None:
        control, parent = self.place.control, f"v2/projects/{self.place.project}/metrics"
        with explained(f"metrics {self.name}", ROLE):
            for name in self._owned():
                unless_missing(partial(control.delete, LOGGING, f"{parent}/{name}"))

    def _owned(self) -> list[str]:
        found = all_pages(self.place, LOGGING, f"v2/projects/{self.place.project}/metrics", "metrics", {})
        return [
            str(one["name"])
            for one in found
            if one["name"] in self.names and is_described_as(self.twin_name, one.get("description"))
        ]
