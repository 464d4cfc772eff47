"""The report of all checks: its sentence, its tables and its JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from l3kit.clouds.ports.checks import Check
from l3kit.errors import CheckFailedError
from l3kit.operate.verify.report import VerifyReport
from l3kit.tiering.format.canary import Sighting

GOOD = Check("links", "a", "403", "403", True, milliseconds=1.25)
BAD = Check("links", "b", "400", "403", False, "Apply the twin again")


def test_a_report_with_a_failed_check_raises_with_the_remedy() -> None:
    report = VerifyReport((GOOD, BAD))
    with pytest.raises(CheckFailedError, match=r"1 of 2 checks failed: b: 403\. Apply the twin again"):
        report.raise_if_failed()
    assert report.to_json()["passed"] is False
    assert "milliseconds" not in report.to_frame()
    assert list(report.latency_frame()["milliseconds"]) == [1.2]


def test_a_report_without_one_does_not() -> None:
    report = VerifyReport((GOOD,))
    report.raise_if_failed()
    assert report.summary() == "1 check passed"


def test_a_report_shows_the_failed_checks_first_and_keeps_their_order_elsewhere() -> None:
    other = Check("drift", "c", "unchanged", "update", False, "its <policy> differs; run deploy_l3")
    report = VerifyReport((GOOD, BAD, replace(GOOD, subject="d"), other), ("A note.",))
    (shown,) = report.sheet().tables
    assert [row[:3] for row in shown.rows] == [
        ("failed", "links", "b"),
        ("failed", "drift", "c"),
        ("passed", "links", "a"),
        ("passed", "links", "d"),
    ]
    assert [check["subject"] for check in report.to_json()["checks"]] == ["a", "b", "d", "c"]
    assert list(report.to_frame()["subject"]) == ["a", "b", "d", "c"]
    html = report._repr_html_()
    assert (
        html.index("2 of 4 checks failed") < html.index("its &lt;policy&gt; differs; run deploy_l3") < html.index(">a<")
    )
    assert str(report).splitlines()[-1] == "A note."


def test_failed_checks_that_the_sentence_does_not_name_are_counted() -> None:
    report = VerifyReport(tuple(replace(BAD, subject=f"s{n}") for n in range(7)))
    assert report.summary().endswith("s4: 403; and 2 more")


def test_a_report_shows_where_the_canary_was_and_how_long_after_it_was_published() -> None:
    began = datetime(2026, 3, 1, 12, tzinfo=UTC)
    way = (Sighting("published", "aws", began), Sighting("dispatcher", "gcp", began + timedelta(milliseconds=12.34)))
    report = VerifyReport((GOOD,), way=way)
    frame = report.way_frame()
    assert list(frame.columns) == ["place", "cloud", "at", "milliseconds"]
    assert list(frame["milliseconds"]) == [0.0, 12.3]
    assert frame["at"][1] == "2026-03-01T12:00:00.012+00:00"
    assert report.to_json()["way"] == frame.to_dict("records")
    assert list(VerifyReport((GOOD,)).way_frame().columns) == list(frame.columns)
