"""The alarms of a twin as a sentence, a table and plain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from l3kit.clouds.ports.alarms import KINDS, MEANINGS, Alarm, Subscriber
from l3kit.notebook.gaps import Gap
from l3kit.operate.alarms.report import COLUMNS, AlarmsReport

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
FINE = Alarm("t-dead-letters", "dead-letters", "aws", "", "ok")
FIRES = Alarm("t-hot-to-cold-mover-lag", "lag", "aws", "hot-to-cold-mover", "alarm", "why", SINCE)
REPORT = AlarmsReport("t", (FIRES, FINE), (Subscriber("ops@example.com", "aws", "confirmed"),))


def test_the_sentence_counts_the_states_and_names_what_fires() -> None:
    assert REPORT.summary() == "t: 2 alarms: 1 firing (t-hot-to-cold-mover-lag), 1 ok"
    assert replace(REPORT, alarms=(FINE,)).summary() == "t: 1 alarm: 1 ok"
    assert replace(REPORT, alarms=()).summary() == "t: 0 alarms"
    waiting = replace(REPORT, subscribers=(Subscriber("ops@example.com", "aws", "waits"),))
    assert waiting.summary().endswith("; 1 address waits for confirmation")
    gap = Gap("", "hot-to-cold-mover on azure", "l3kit has no alarms on Azure yet", "r", uncounted=False)
    with_gap = replace(REPORT, gaps=(gap,))
    assert not with_gap.complete
    assert "Azure" in with_gap.summary()


def test_the_table_has_the_meaning_and_what_to_do_of_each_alarm() -> None:
    frame = REPORT.to_frame()
    assert list(frame.columns) == list(COLUMNS)
    assert frame["watches"].tolist() == ["hot-to-cold-mover", "the twin"]
    assert frame["meaning"].tolist() == [MEANINGS["lag"].meaning, MEANINGS["dead-letters"].meaning]
    assert frame["since"].tolist() == ["2026-03-01T00:00:00Z", ""]


def test_nothing_fires_is_shown_without_a_table_of_what_fires() -> None:
    assert "What fires" in str(REPORT)
    assert "What fires" not in str(replace(REPORT, alarms=(FINE,)))


def test_each_kind_of_alarm_says_what_it_means_and_what_to_do() -> None:
    assert set(MEANINGS) == set(KINDS)
    assert all(one.meaning and "l3kit" in one.remedy for one in MEANINGS.values())
