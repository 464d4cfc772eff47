"""Clouds that keep logs in memory, and a twin over them, for reading and following logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from l3kit.clouds.ports.function_logs import LogLine
from l3kit.errors import ConfigurationError, L3Error, ProvisioningError
from l3kit.session import Session
from l3kit.twin.layout import Layout


class LogCloud:
    """Attributes:
    kept: lines by function; an error instead of a line is raised there.
    """

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.kept: dict[str, list[LogLine | L3Error]] = {}
        self.asked: list[tuple[str, datetime | None]] = []

    def function_name(self, twin: Any, function: str) -> str:
        return f"{twin.name}-{function}-on-{self.provider}"

    def function_log(self, twin: Any, function: str, since: datetime | None) -> Iterator[LogLine]:
        self.asked.append((function, since))
        if function not in self.kept:
            raise ProvisioningError(f"log of {function}", "does not exist", "Apply the twin")
        for line in self.kept[function]:
            if isinstance(line, L3Error):
                raise line
            if since is None or line.moment >= since:
                yield line


class Links:
    """A link file with these tokens, or a broken one."""

    def __init__(self, *tokens: str, broken: bool = False) -> None:
        self.tokens, self.broken = tokens, broken

    def load(self) -> dict[str, Any]:
        if self.broken:
            raise ConfigurationError("config_inter_cloud.json", "is no JSON")
        return {token: SimpleNamespace(token=token, former=()) for token in self.tokens}


class LogSession(Session):
    """A session with a link file of its own."""

    links_there = Links()

    def link_file(self, twin: Any) -> Any:
        return self.links_there


def session_of(*clouds: str | LogCloud, target: Any = "sandbox") -> LogSession:
    opened = [LogCloud(cloud) if isinstance(cloud, str) else cloud for cloud in clouds]
    return LogSession(target, {cloud.provider: cloud for cloud in opened})  # type: ignore[misc]


def twin_of(hot: str, cold: str, archive: str) -> Any:
    """What the verb uses of a twin, without a message chain."""
    return SimpleNamespace(name="twin", layout=Layout(hot, cold, archive))
