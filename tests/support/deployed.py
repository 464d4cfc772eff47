"""A cloud with functions set by a test, for code that reads deployed links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from l3kit.clouds.ports.deployed_links import DeployedLinks
from l3kit.errors import PermissionMissingError
from l3kit.twin.config import Twin
from l3kit.twin.connections import FILE, DeployedWriter, LinkFile

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


@dataclass
class Deployed:
    """The functions of a cloud: their variables, and the addresses of writers.

    Attributes:
        denied: functions whose settings the operator may not read.
    """

    told: dict[str, dict[str, str]] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)

    def writer(self, twin: Twin, function: str) -> DeployedWriter | None:
        told = self.function_variables(twin, function)
        return None if told is None else DeployedWriter(self.urls.get(function, ""), told)

    def function_variables(self, twin: Twin, function: str) -> Mapping[str, str] | None:
        if function in self.denied:
            raise PermissionMissingError(f"function {function}", "GetFunction is not allowed", "Ask for it")
        return self.told.get(function)


def links_of(
    twin: Twin,
    clouds: Mapping[str, Any] | None = None,
    now: Callable[[], datetime] = lambda: NOON,
    *,
    sandbox: bool = False,
) -> DeployedLinks:
    """The twin's links, with their file in its folder, for a session connected to these clouds."""
    return DeployedLinks(twin, LinkFile(twin.path / FILE, sandbox), lambda name: (clouds or {}).get(name), now)
