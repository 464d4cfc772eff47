"""Logs of two clouds in memory, and a look at them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from l3kit.clouds.ports.function_logs import LogLine
from l3kit.errors import L3Error
from l3kit.operate.logs.reading import logs
from l3kit.operate.logs.report import LogsReport
from tests.support.log_clouds import LogCloud, LogSession, twin_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOVER, WRITER = "hot-to-cold-mover", "cold-writer"


def line(seconds: int, text: str = "text", **more: Any) -> LogLine:
    return LogLine(f"{seconds}-{text}", NOW - timedelta(seconds=seconds), text, **more)


def clouds(**kept: list[LogLine | L3Error]) -> tuple[LogCloud, LogCloud]:
    aws, azure = LogCloud("aws"), LogCloud("azure")
    for name in ("hot-to-cold-mover", "hot-reader", "hot-reader-last-entry"):
        aws.kept[name] = kept.get(name.replace("-", "_"), [])
    for name in ("cold-writer", "cold-to-archive-mover"):
        azure.kept[name] = kept.get(name.replace("-", "_"), [])
    return aws, azure


def read(session: LogSession, function: str | None = None, **more: Any) -> LogsReport:
    return logs(session, twin_of("aws", "azure", "azure"), function, now=NOW, **more)
