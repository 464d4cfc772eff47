"""What a plan says of alarms."""

from __future__ import annotations

from pathlib import Path

from l3kit.deploy.alarm_notes import alarm_notes
from tests.support.slow_aws import refusal
from tests.unit.clouds.aws.control.test_alarms import Pages
from tests.unit.operate.alarms.watched import session, subscribed, there, twin


def test_a_twin_without_alarms_has_no_note(tmp_path: Path) -> None:
    assert alarm_notes(twin(tmp_path, "azure", "aws", "aws"), session(there(), subscribed()), ("aws", "azure")) == ()


def test_the_cost_is_told_before_anything_is_made(tmp_path: Path) -> None:
    (note,) = alarm_notes(twin(tmp_path, alarms=True), session(there(), subscribed()), ("aws",))
    assert note.startswith("11 alarms and 4 metrics on aws cost up to $2.30 a month")


def test_each_function_on_a_cloud_without_alarms_is_named(tmp_path: Path) -> None:
    watched = twin(tmp_path, "azure", "gcp", "aws", alarms=True, chain=("azure", "aws"))
    notes = alarm_notes(watched, session(there(), subscribed()), ("azure", "gcp", "aws"))
    assert notes[0].startswith("No alarm watches hot-to-cold-mover and dead letters on azure: l3kit has no alarms on")
    assert "l3kit runs reports on the movers" in notes[0]
    assert notes[1].startswith("6 alarms and 2 metrics on gcp cost up to $9.70 a month")
    assert notes[2].startswith("1 alarm and 1 metric on aws cost")
    of_aws = alarm_notes(watched, session(there(), subscribed()), ("aws",))
    assert of_aws == notes[2:]


def test_who_must_still_confirm_is_told_in_every_plan(tmp_path: Path) -> None:
    watched = twin(tmp_path, notify=["ops@example.com", "dev@example.com"])
    sns = subscribed(PendingConfirmation="ops@example.com")
    assert alarm_notes(watched, session(there(), sns), ("aws",))[-1] == (
        "ops@example.com must still confirm; until then no alarm is sent there."
    )


def test_what_may_not_be_read_does_not_stop_the_plan(tmp_path: Path) -> None:
    denied = Pages(describe_alarms=[refusal("DescribeAlarms", "AccessDenied", "no")])
    notes = alarm_notes(twin(tmp_path, alarms=True), session(denied, subscribed()), ("aws",))
    assert notes[-1].startswith("Whether those in notify have confirmed could not be read")


def test_a_schedule_that_cloudwatch_cannot_watch_is_told(tmp_path: Path) -> None:
    notes = alarm_notes(
        twin(tmp_path, alarms=True, mover_schedule="rate(7 days)"), session(there(), subscribed()), ("aws",)
    )
    assert notes[0].startswith("No alarm reports that a mover did not run")
