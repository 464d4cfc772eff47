"""Log lines as an answer: text that a terminal cannot take for commands, and hints for an empty one."""

from __future__ import annotations

from datetime import UTC, datetime

from l3kit.operate.logs.report import LogRow, LogsReport
from tests.support.log_clouds import session_of
from tests.unit.operate.logs.read_logs import WRITER, clouds, line, read


def test_without_any_line_it_is_told_that_lines_may_come_late() -> None:
    report = read(session_of(*clouds()), WRITER)
    assert (report.summary(), report.complete) == ("0 log lines of cold-writer", True)
    assert report.notes == ("Lines may arrive some seconds after they were printed",)


def test_a_line_is_shown_with_control_characters_escaped_and_its_traceback_below() -> None:
    shown = str(read(session_of(*clouds(cold_writer=[line(1, "a\x1b[31m\nTraceback", level="ERROR")])), WRITER))
    assert shown.splitlines() == [
        "1 log line of cold-writer, 1 error",
        "2026-03-01T11:59:59.000Z  azure  cold-writer  ERROR  a\\x1b[31m",
        "  Traceback",
    ]


def test_errors_are_counted_and_early_lines_are_in_the_frame_alone() -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    levels = ["ERROR", "CRITICAL", "", *["INFO"] * 2000]
    rows = tuple(LogRow(moment, "hot-reader", "aws", "", level, f"n{n}") for n, level in enumerate(levels))
    report = LogsReport(rows, ("hot-reader",))
    assert report.summary() == "2,003 log lines of hot-reader, 2 errors"
    assert len(report.to_frame()) == 2003
    shown = str(report)
    assert shown.splitlines()[-1].endswith("earlier lines are not shown; the frame has them all")
    assert "n2002" in shown
    assert "n0\n" not in shown
    assert report.to_json()["lines"][0]["moment"] == "2026-03-01T00:00:00.000Z"
