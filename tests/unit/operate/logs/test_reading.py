"""Reading logs: one order over all clouds, the newest up to a limit, and nothing missing in silence."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from l3kit.errors import PermissionMissingError
from tests.support.log_clouds import Links, LogSession, session_of
from tests.unit.operate.logs.read_logs import MOVER, NOW, WRITER, clouds, line, read

DENIED = PermissionMissingError("log group g", "FilterLogEvents is not allowed", "Ask for logs:FilterLogEvents")


def test_lines_of_all_clouds_are_in_the_order_of_their_moments() -> None:
    mover = [line(30, "a", level="INFO", request_id="r-1"), line(10, "c", level="ERROR")]
    report = read(session_of(*clouds(hot_to_cold_mover=mover, cold_writer=[line(20, "b")])))
    assert [(row.text, row.function, row.cloud) for row in report.rows] == [
        ("a", MOVER, "aws"),
        ("b", WRITER, "azure"),
        ("c", MOVER, "aws"),
    ]
    assert report.complete
    assert report.summary() == "3 log lines of 5 functions, 1 error"
    assert report.to_frame()["request_id"].tolist() == ["r-1", "", ""]
    told = json.loads(json.dumps(report.to_json()))
    assert told["lines"][0] == {
        "moment": "2026-03-01T11:59:30.000Z",
        "function": MOVER,
        "cloud": "aws",
        "request_id": "r-1",
        "level": "INFO",
        "text": "a",
    }


def test_the_last_quarter_of_an_hour_of_one_function_is_asked_for_unless_more_is() -> None:
    aws, azure = clouds()
    read(session_of(aws, azure), WRITER)
    read(session_of(aws, azure), WRITER, since="2h")
    read(session_of(aws, azure), WRITER, since=None)
    assert aws.asked == []
    assert azure.asked == [(WRITER, NOW - timedelta(minutes=15)), (WRITER, NOW - timedelta(hours=2)), (WRITER, None)]


def test_the_newest_are_kept_and_the_others_counted() -> None:
    kept = [line(seconds) for seconds in (50, 40, 10)]
    report = read(session_of(*clouds(hot_to_cold_mover=kept, cold_writer=[line(45), line(5)])), limit=2)
    assert [row.moment for row in report.rows] == [NOW - timedelta(seconds=10), NOW - timedelta(seconds=5)]
    assert {(gap.what, gap.reason) for gap in report.gaps} == {
        (f"2 earlier log lines of {MOVER}", "left out, since the newest 2 lines fill the limit"),
        (f"1 earlier log line of {WRITER}", "left out, since the newest 2 lines fill the limit"),
    }
    assert read(session_of(*clouds(hot_to_cold_mover=kept)), limit=3).complete


def test_a_log_that_cannot_be_read_is_a_gap_and_the_others_are_read() -> None:
    report = read(session_of(*clouds(hot_to_cold_mover=[DENIED], cold_writer=[line(1)])))
    assert [row.function for row in report.rows] == [WRITER]
    (gap,) = report.gaps
    assert gap.what == f"the log of {MOVER} on aws"
    assert (gap.reason, gap.remedy) == (f"could not be read: {DENIED.resource}: {DENIED.cause}", DENIED.remedy)
    assert not report.complete
    assert "incomplete" in str(report)
    assert DENIED.remedy in str(report)


def test_lines_before_a_failure_stay_and_the_rest_is_a_gap() -> None:
    report = read(session_of(*clouds(cold_writer=[line(3), DENIED])), WRITER)
    assert len(report.rows) == 1
    assert [gap.what for gap in report.gaps] == [f"further log lines of {WRITER} on azure"]


@pytest.mark.parametrize(
    ("target", "reason", "remedy"),
    [
        ("sandbox", "is on azure, which this session does not reach", "Connect to azure as well"),
        (
            "live",
            "is on Azure, which l3kit reaches in the sandbox only, not yet as a real account",
            "Look at it with Azure's own tools",
        ),
    ],
)
def test_a_cloud_that_is_not_reached_is_a_gap(target: str, reason: str, remedy: str) -> None:
    (gap,) = read(session_of(clouds()[0], target=target), WRITER).gaps
    assert (gap.what, gap.reason, gap.remedy) == (f"the log of {WRITER}", reason, remedy)


TOKEN = "q" * 43


def test_tokens_of_links_are_hidden_wherever_they_stand() -> None:
    session = session_of(*clouds(cold_writer=[line(1, f"sent {TOKEN} and {TOKEN}!")]))
    session.__class__ = type("Linked", (LogSession,), {"links_there": Links(TOKEN)})
    report = read(session, WRITER)
    assert report.rows[0].text == "sent *** and ***!"
    assert TOKEN not in json.dumps(report.to_json()) + str(report) + report.to_frame().to_string()


def test_a_broken_link_file_hinders_nobody_from_reading_logs() -> None:
    session = session_of(*clouds(cold_writer=[line(1)]))
    session.__class__ = type("Linked", (LogSession,), {"links_there": Links(broken=True)})
    assert len(read(session, WRITER).rows) == 1
