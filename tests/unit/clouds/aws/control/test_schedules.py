"""Schedules while AWS is slow: roles that are not known yet, groups that are still being removed."""

from __future__ import annotations

import pytest

from l3kit.clouds.aws.control.schedules import Schedule, ScheduleGroup
from l3kit.errors import ProvisioningError
from tests.support.slow_aws import Client, context, refusal


def test_a_schedule_waits_for_its_new_role_only() -> None:
    new = refusal(
        "CreateSchedule", "ValidationException", "The execution role must allow Scheduler to assume the role."
    )
    client = Client(create_schedule=[new, {}])
    where, _ = context("scheduler", client)
    Schedule(where, "plant-f", "l3kit-plant", "plant-f", "plant-scheduler", "rate(1 day)").create()
    assert client.calls == ["create_schedule"] * 2
    wrong = Client(create_schedule=[refusal("CreateSchedule", "ValidationException", "Invalid Schedule Expression")])
    where, time = context("scheduler", wrong)
    with pytest.raises(ProvisioningError, match="Invalid Schedule Expression"):
        Schedule(where, "plant-f", "l3kit-plant", "plant-f", "plant-scheduler", "hourly").create()
    assert time.now == 0.0


def test_a_schedule_group_that_is_still_being_removed_is_made_again_when_it_is_gone() -> None:
    leaving = {"Arn": "arn", "State": "DELETING"}
    gone = refusal("GetScheduleGroup", "ResourceNotFoundException")
    client = Client(get_schedule_group=[leaving, leaving, gone])
    where, _ = context("scheduler", client)
    group = ScheduleGroup(where, "l3kit-plant")
    assert not group.compare().exists
    group.create()
    assert client.calls[-1] == "create_schedule_group"
