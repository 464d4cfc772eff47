"""The command `logs`: lines on stdout, the rest on stderr, one document with --json, and exit codes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import pytest

from l3kit.cli import main
from l3kit.cli.logs import tell_each
from l3kit.cli.output import Output
from l3kit.clouds.ports.function_logs import LogLine
from l3kit.notebook.gaps import Gap
from l3kit.operate.logs.report import LogRow, LogsReport
from l3kit.operate.open_twin import OpenTwin
from tests.support.answering import EXAMPLE, Answering
from tests.support.log_clouds import LogCloud, session_of, twin_of

ROW = LogRow(datetime(2026, 3, 1, tzinfo=UTC), "cold-writer", "azure", "r-1", "ERROR", "failed\nTraceback")
GAP = Gap("logs", "the log of cold-writer on azure", "could not be read", "Ask for it")


def report(*rows: LogRow, gaps: tuple[Gap, ...] = ()) -> LogsReport:
    return LogsReport(rows, ("cold-writer",), (), gaps)


def test_lines_are_on_stdout_and_what_is_missing_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(logs=report(ROW, gaps=(GAP,)))
    assert twin.command("logs", "cold-writer", "--since", "2h", "--limit", "all") == 0
    out, err = capsys.readouterr()
    assert out == "2026-03-01T00:00:00.000Z  azure  cold-writer  ERROR  failed\n  Traceback\n"
    assert err.splitlines()[0].startswith("1 log line of cold-writer, 1 error; incomplete")
    assert err.splitlines()[1] == f"l3kit: {GAP.summary()}"
    assert twin.asked == [("logs", ("cold-writer",), {"since": "2h", "limit": None})]


def test_json_is_one_document_and_all_means_every_function(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(logs=report(ROW))
    assert twin.command("logs", "all", "--json") == 0
    assert json.loads(capsys.readouterr().out)["lines"][0]["request_id"] == "r-1"
    assert twin.asked == [("logs", (None,), {"since": "15m", "limit": 1000})]


def test_a_log_that_could_not_be_read_at_all_is_an_error() -> None:
    assert Answering(logs=report(gaps=(GAP,))).command("logs", "cold-writer") == 1
    assert Answering(logs=report()).command("logs", "cold-writer") == 0


def test_following_tells_a_gap_as_the_report_has_it_and_lines_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    whole = report(ROW, gaps=(GAP,)).to_json()
    tell_each([GAP, ROW], Output(as_json=True))
    out, err = capsys.readouterr()
    assert [json.loads(line) for line in out.splitlines()] == [{"gaps": whole["gaps"]}, *whole["lines"]]
    assert err == f"l3kit: {GAP.summary()}\n"
    tell_each([GAP, ROW], Output())
    assert capsys.readouterr() == (f"{ROW}\n", err)


class Interrupting(LogCloud):
    """Its log is interrupted after the lines, as by Ctrl-C."""

    def function_log(self, twin: Any, function: str, since: datetime | None) -> Any:
        return chain(super().function_log(twin, function, since), self._interrupted())

    def _interrupted(self) -> Any:
        yield LogLine("2", datetime.now(UTC), "last")
        raise KeyboardInterrupt


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_following_ends_by_an_interruption(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    cloud = Interrupting("aws")
    cloud.kept["hot-reader"] = []
    twin = OpenTwin(twin_of("aws", "aws", "aws"), session_of(cloud))
    arguments = ["logs", EXAMPLE, "hot-reader", "--follow", *options]
    assert main(arguments, connect=lambda reach, output: twin) == 130
    assert "interrupted" in "".join(capsys.readouterr())
