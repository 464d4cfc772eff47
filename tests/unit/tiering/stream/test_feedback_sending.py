"""Feedback to another cloud: what an action that sends it does, and what it says when it fails."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.support.chain import ChainWorld, reading

EVENTS = [{"condition": "plant.pump.v > DOUBLE(5)", "action": {"type": "feedback", "payload": {"valve": "open"}}}]
CHECK = b"[%b]" % reading(1, v=9)


def world(**more: object) -> ChainWorld:
    return ChainWorld("azure", "aws", "gcp", events=EVENTS, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("signed", [False, True])
def test_a_device_of_another_cloud_gets_the_feedback_over_the_link(signed: bool) -> None:
    there = world(signed=signed, clock=datetime.now(UTC))
    assert there.step("event-checker", CHECK) == {"checked": 1, "fired": 1, "failed": 0, "dead": 0}
    ((device, payload),) = there.replied
    assert (device, json.loads(payload)["message"]) == ("sensor-1", {"valve": "open"})
    (headers,) = there.requests
    names = {name.lower() for name in headers}
    assert ("x-inter-cloud-signature" in names, "x-inter-cloud-token" in names) == (signed, not signed)


def test_feedback_that_fails_there_is_told_once_with_the_devices_reason_and_loses_nothing() -> None:
    there = world(failing={"sensor-1"})
    there.deliver(reading(1, v=9))
    assert len(there.stored()) == 1
    (letter,) = there.letters()
    assert (letter.problem, letter.device) == ("action-failed", "sensor-1")
    told = "feedback to sensor-1 by aws_l2_to_azure_l1: HTTP 424 (sensor-1: is not connected. Connect it)"
    assert told in letter.cause
    assert len(there.requests) == 3, "to ingestion, writer and receiver; the refusal of a device is final"


def test_a_refused_token_is_told_and_loses_nothing() -> None:
    there = world(deaf={"feedback-receiver"})
    there.deliver(reading(1, v=9))
    (letter,) = there.letters()
    assert "aws_l2_to_azure_l1: HTTP 403" in letter.cause
    assert "apply the twin again" in letter.cause
    assert len(there.stored()) == 1


def test_layers_on_one_cloud_need_no_receiver() -> None:
    there = ChainWorld("azure", "azure", "gcp", events=EVENTS)
    assert there.step("event-checker", CHECK)["fired"] == 1
    assert not there.requests
    assert there.replied
