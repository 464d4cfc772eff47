"""Events of a replay: any bytes arrive unchanged, with their sender and time of receipt."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.tiering.stream.ports import Delivery
from l3kit.tiering.stream.redelivery import redeliveries_in, redelivery_event
from tests.support.chain import NOW, ChainWorld, reading

DELIVERIES = st.builds(
    Delivery, st.binary(), st.none() | st.text(min_size=1), st.none() | st.datetimes(timezones=st.just(UTC))
)


@settings(max_examples=60)
@given(st.lists(DELIVERIES, max_size=4))
def test_messages_arrive_as_they_were_delivered(deliveries: list[Delivery]) -> None:
    event = redelivery_event(deliveries, "my-cloud")
    assert redeliveries_in(event) == deliveries
    assert json.loads(event)["source_cloud"] == "my-cloud"


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"nonsense",
        b'{"messages":[]}',
        b'{"deliveries":',
        b'{"deliveries":{}}',
        b'{"deliveries":[{}]}',
        b'{"deliveries":[{"body":"?"}]}',
        b'{"deliveries":[{"body":"","device":1}]}',
        b'{"deliveries":[{"body":"","received":"noon"}]}',
        b'{"deliveries":[{"body":"","received":"0001-01-01T00:00:00+01:00"}]}',
        b'{"deliveries":[1]}',
    ],
)
def test_any_other_event_is_none_of_a_replay(event: bytes) -> None:
    assert not redeliveries_in(event)


@pytest.mark.parametrize("body", [b"nonsense", b"\xff", b"[1,,2]", b'{"v":1}', b'{"iotDeviceId":"a","v":NaN}'])
@pytest.mark.parametrize("function", ["dispatcher", "default-processor", "persister"])
def test_a_message_that_fails_again_keeps_its_sender_in_whatever_function(function: str, body: bytes) -> None:
    world, received = ChainWorld(), datetime(2026, 2, 20, tzinfo=UTC)
    assert world.step(function, redelivery_event([Delivery(body, "pump-1", received)], "aws"))["dead"] == 1
    (letter,) = world.letters()
    assert (letter.message, letter.device, letter.received) == (body, "pump-1", received)


def test_an_item_is_of_the_device_that_its_message_names() -> None:
    world = ChainWorld()
    world.step("dispatcher", redelivery_event([Delivery(reading(1), "another", NOW)], "aws"))
    assert [device for device, _ in world.stored()] == ["sensor-1"]
