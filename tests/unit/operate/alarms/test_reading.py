"""The alarms of a twin as an answer: what fires first, who waits, and what is not watched."""

from __future__ import annotations

import json
from pathlib import Path

from l3kit.clouds.aws.control.watch import ALARMS
from l3kit.clouds.gcp.control.watch import ALARMS as GOOGLES
from l3kit.clouds.ports.alarms import MEANINGS, alarms_of
from l3kit.operate.alarms.reading import alarm_checks, alarms
from l3kit.operate.alarms.report import COLUMNS
from tests.support.slow_aws import refusal
from tests.unit.clouds.aws.control.test_alarms import Pages
from tests.unit.operate.alarms.watched import session, subscribed, there, twin

HOOK = "https://events.example.com/KEY"
FAILED = "hot_to_cold_mover_failed"


def test_what_fires_comes_first_with_its_reason_and_what_to_do(tmp_path: Path) -> None:
    watched = twin(tmp_path, notify=["ops@example.com"])
    found = alarms(
        session(there(**{FAILED: "ALARM", "missed_starts": "OK"}), subscribed(arn_="ops@example.com")), watched
    )
    first = found.alarms[0]
    assert (first.name, first.state, first.reason) == ("plant-hot-to-cold-mover-failed", "alarm", f"reason of {FAILED}")
    assert [alarm.state for alarm in found.alarms] == ["alarm", *["missing"] * 9, "ok"]
    assert found.firing == (first,)
    frame = found.to_frame()
    assert list(frame.columns) == list(COLUMNS)
    assert frame.loc[0, "what to do"] == MEANINGS["failed"].remedy
    told = found.to_json()
    assert told["firing"] == ["plant-hot-to-cold-mover-failed"]
    assert told["alarms"][0]["since"] == "2026-03-01T00:00:00Z"
    assert "1 firing (plant-hot-to-cold-mover-failed), 9 missing, 1 ok" in found.summary()
    assert "What fires, and what to do" in str(found)


def test_an_address_that_waits_is_told_in_the_answer_and_fails_its_check(tmp_path: Path) -> None:
    watched = twin(tmp_path, notify=["ops@example.com", HOOK, "dev@example.com"])
    sns = subscribed(PendingConfirmation="OPS@example.com", **{"arn:aws:sns:1": HOOK})
    found = alarms(session(there(), sns), watched)
    assert [one.state for one in found.subscribers] == ["waits", "confirmed", "missing"]
    assert "1 address waits for confirmation" in found.summary()
    assert any("ops@example.com waits for its confirmation" in note for note in found.to_json()["notes"])
    assert "KEY" not in json.dumps(found.to_json()) + str(found)
    waits, confirmed, missing = alarm_checks(session(there(), sns), watched)
    assert (waits.passed, confirmed.passed, missing.passed) == (False, True, False)
    assert "follow its link" in waits.hint
    assert list(alarm_checks(session(there(), sns), watched, clouds=["gcp"])) == []


def test_a_twin_without_alarms_says_how_to_get_them_and_asks_nobody(tmp_path: Path) -> None:
    cloudwatch, sns = there(), subscribed()
    found = alarms(session(cloudwatch, sns), twin(tmp_path))
    assert not found.wanted
    assert 'set "notify" or "alarms" in config.json' in found.summary()
    assert list(alarm_checks(session(cloudwatch, sns), twin(tmp_path))) == []
    assert cloudwatch.calls == sns.calls == []


def test_a_mover_on_a_cloud_without_alarms_is_a_gap_and_the_others_are_told(tmp_path: Path) -> None:
    found = alarms(session(there(), subscribed()), twin(tmp_path, "azure", "aws", "aws", alarms=True))
    assert {alarm.mover for alarm in found.alarms} == {"cold-to-archive-mover", ""}
    (gap,) = found.gaps
    assert (gap.what, gap.reason) == ("hot-to-cold-mover on azure", "l3kit has no alarms on Azure yet")
    assert not found.complete


def test_an_alarm_of_somebody_else_under_the_name_is_not_the_twins(tmp_path: Path) -> None:
    cloudwatch = there(**{FAILED: "ALARM"})
    cloudwatch._answers["list_tags_for_resource"] = [{"Tags": []}]
    found = alarms(session(cloudwatch, subscribed()), twin(tmp_path, alarms=True))
    assert {alarm.state for alarm in found.alarms} == {"missing"}


def test_alarms_that_may_not_be_read_are_a_gap_with_the_remedy(tmp_path: Path) -> None:
    denied = Pages(describe_alarms=[refusal("DescribeAlarms", "AccessDenied", "no")])
    found = alarms(session(denied, subscribed()), twin(tmp_path, alarms=True))
    (gap,) = found.gaps
    assert "DescribeAlarms is not allowed" in gap.reason
    assert "l3kit permissions aws" in gap.remedy


def test_a_cloud_that_is_not_reached_is_a_gap(tmp_path: Path) -> None:
    there_without = session(there(), subscribed())
    there_without.clouds.clear()  # type: ignore[attr-defined]
    (gap,) = alarms(there_without, twin(tmp_path, alarms=True)).gaps
    assert "does not reach" in gap.reason


def test_aws_and_google_cloud_offer_alarms_so_far() -> None:
    assert (alarms_of("aws"), alarms_of("gcp")) == (ALARMS, GOOGLES)
    assert alarms_of("azure") is None


def test_the_state_unknown_is_explained(tmp_path: Path) -> None:
    watched = twin(tmp_path, notify=["ops@example.com"])
    found = alarms(session(there(**{FAILED: "INSUFFICIENT_DATA"}), subscribed()), watched)
    assert "unknown: nothing has been measured yet" in str(found)
    assert "unknown: nothing has been measured yet" not in str(alarms(session(there(), subscribed()), watched))
