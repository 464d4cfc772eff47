"""Feedback to another cloud: what an action that sends it does, and what it says when it fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from l3kit.errors import CallError
from l3kit.tiering.receiver_limit import SMALLEST_LIMIT, ReceiverLimit
from l3kit.tiering.stream.feedback_sending import RemoteFeedback
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


@pytest.mark.parametrize("answer", [{}, {"sent": False}, {"sent": 1}, {"stored": 1}])
def test_an_answer_that_does_not_say_that_it_was_sent_is_a_failure(answer: dict[str, object]) -> None:
    class Writer:
        def post_messages(self, pieces: Sequence[bytes], *, limit: ReceiverLimit) -> dict[str, object]:
            assert b"".join(pieces) == b'{"source_cloud":"aws","iot_device_id":"a\\"b","payload":{"v":  1.10}}'
            return answer

        def __repr__(self) -> str:
            return "Writer(aws_l2_to_azure_l1)"

    writer: Any = Writer()
    with pytest.raises(CallError, match=r'feedback to a"b by Writer\(aws_l2_to_azure_l1\).*does not say'):
        asyncio.run(RemoteFeedback(lambda: writer, SMALLEST_LIMIT, "aws").send('a"b', b'{"v":  1.10}'))
