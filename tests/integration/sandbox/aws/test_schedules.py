"""Schedules are checked, and fired by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from l3kit import sandbox as l3kit_sandbox
from l3kit.errors import SandboxError
from l3kit.sandbox import SandboxState
from l3kit.twin.schedule_expressions import problem_with
from tests.integration.sandbox.aws.calls import Aws, Deploy, code_of

pytestmark = pytest.mark.sandbox


@pytest.fixture
def make_schedule(aws: Aws, role: str) -> Callable[..., None]:
    def make(name: str, function: str, **more: Any) -> None:
        _make_schedule(aws, role, name, function, **more)

    return make


def _make_schedule(aws: Aws, role: str, name: str, function: str, **more: Any) -> None:
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    target = {"Arn": arn, "RoleArn": role, **more.pop("Target", {"Input": "{}"})}
    settings = {"ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}, **more}
    aws("scheduler").create_schedule(Name=name, Target=target, **settings)


def test_a_schedule_fired_by_hand_invokes_its_target_with_its_input(
    make_schedule: Callable[..., None], deploy: Deploy, sandbox: SandboxState
) -> None:
    function = deploy("def handler(event, context):\n    return event\n")
    text = json.dumps({"time": "<aws.scheduler.scheduled-time>", "by": "<aws.scheduler.schedule-arn>", "n": 1})
    make_schedule("nightly", function, Target={"Input": text})
    fired = l3kit_sandbox.fire_schedule("nightly", time="2026-11-23T04:00:00+02:00", home=sandbox.home)
    assert fired.function == function
    assert fired.function_error is None
    assert fired.result()["time"] == "2026-11-23T02:00:00Z"
    assert fired.result()["by"].endswith("schedule/default/nightly")
    make_schedule("plain", function, Target={})
    with pytest.raises(SandboxError, match="with an Input only; plain has none"):
        l3kit_sandbox.fire_schedule("plain", home=sandbox.home)


def test_a_disabled_missing_or_lost_target_is_told(make_schedule: Callable[..., None], sandbox: SandboxState) -> None:
    make_schedule("off", "no-such-function", State="DISABLED")
    make_schedule("lost", "no-such-function")
    for name, told in (("off", "disabled"), ("lost", "no-such-function"), ("unknown", "no schedule")):
        with pytest.raises(SandboxError, match=told):
            l3kit_sandbox.fire_schedule(name, home=sandbox.home)
    with pytest.raises(SandboxError, match="Invalid isoformat"):
        l3kit_sandbox.fire_schedule("lost", time="tomorrow", home=sandbox.home)


def test_admin_calls_without_the_header_are_refused(sandbox: SandboxState) -> None:
    assert requests.post(f"{sandbox.gateway}/_sandbox/stop", timeout=60).status_code == 403


def test_a_nonsense_expression_is_refused(make_schedule: Callable[..., None]) -> None:
    for more in ({"ScheduleExpression": "every now and then"}, {"ScheduleExpressionTimezone": "Mars/Base"}):
        with pytest.raises(ClientError) as caught:
            make_schedule("nonsense", "f", **more)
        assert code_of(caught) == (400, "ValidationException")


@pytest.mark.parametrize(
    "expression",
    ["rate(1 hour)", "rate(15 minutes)", "cron(0 2 * * ? *)", "cron(0/15 8-17 ? * MON-FRI *)", "cron(0 0 L * ? 2027)",
     "cron(0 9 ? JAN-MAR,DEC 6#3 *)", "cron(0 9 15W * ? *)", "at(2026-12-01T00:00:00)"],
)  # fmt: skip
def test_expressions_aws_takes(expression: str) -> None:
    assert problem_with(expression) is None


@pytest.mark.parametrize(
    "expression",
    ["", None, "rate(0 hours)", "rate(1 hours)", "rate(2 hour)", "rate(5 weeks)", "cron(0 2 * * * *)",
     "cron(0 2 ? * ? *)", "cron(60 2 * * ? *)", "cron(0 2 * * ?)", "cron(0 2 * FOO ? *)", "cron(0/0 2 * * ? *)",
     "at(tomorrow)"],
)  # fmt: skip
def test_expressions_aws_refuses(expression: str | None) -> None:
    assert problem_with(expression) is not None
