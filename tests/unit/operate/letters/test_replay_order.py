"""The order of a replay: what was received last wins, whatever the keys of the letters are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from l3kit.operate.letters.replay import replay_letters
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.stream.letters import DeadLetter
from l3kit.tiering.stream.ports import Delivery
from l3kit.tiering.stream.redelivery import redeliveries_in
from tests.support.chain import NOW, ChainWorld, reading
from tests.support.letter_clouds import LetterCloud, put, session_of, twin_of

ALARM = {"condition": "plant.pump.v >= INTEGER(2)", "action": {"type": "function", "functionName": "alarm"}}
VERSIONS = range(6)


def in_the_hot_tier(world: ChainWorld) -> list[Any]:
    return [exact_loads(item)["v"] for item in world.stored().values()]


def letters_of(world: ChainWorld, *letters: tuple[str, int, datetime | None]) -> None:
    """Put letters with versions of one reading among the others: function, version, time of receipt."""
    for function, version, received in letters:
        letter = DeadLetter("processor-failed", "", function, reading(1, v=version), "sensor-1", received)
        put(world.letter_stores["aws"], letter.key(NOW), letter.to_json())


def replay(world: ChainWorld) -> LetterCloud:
    cloud = LetterCloud(world, "aws")
    replay_letters(session_of(cloud), twin_of(world)).raise_if_failed()
    return cloud


@pytest.mark.parametrize("order", [VERSIONS, VERSIONS[::-1]])
def test_the_version_that_was_received_last_wins_whatever_the_keys_are(order: Sequence[int]) -> None:
    world = ChainWorld()
    letters_of(world, *(("persister", v, NOW + timedelta(seconds=order.index(v))) for v in VERSIONS))
    replay(world)
    assert in_the_hot_tier(world) == [order[-1]]
    assert {exact_loads(letter.message)["v"] for letter in world.letters()} == set(order[:-1])


def test_letters_of_a_device_keep_their_order_across_functions() -> None:
    world = ChainWorld()
    functions = ["persister", "dispatcher", "default-processor"] * 2
    letters_of(world, *((functions[v], v, NOW + timedelta(seconds=v)) for v in VERSIONS))
    assert [function for function, _ in replay(world).sent] == functions
    assert in_the_hot_tier(world) == [5]


def test_the_time_of_receipt_goes_with_the_message_and_into_its_next_letter() -> None:
    world = ChainWorld()
    received = NOW - timedelta(days=3)
    letter = DeadLetter("unknown-device", "", "persister", reading(9, "stranger"), "stranger", received)
    put(world.letter_stores["aws"], letter.key(NOW), letter.to_json())
    cloud = LetterCloud(world, "aws")
    assert replay_letters(session_of(cloud), twin_of(world)).total("again") == 1
    ((_, event),) = cloud.sent
    assert redeliveries_in(event) == [Delivery(letter.message, "stranger", received)]
    assert list(world.letter_stores["aws"].objects) == [letter.key(NOW)]


@pytest.mark.parametrize("layout", [("aws", "aws", "aws"), ("aws", "azure", "gcp")])
def test_letters_of_later_functions_tell_when_the_source_took_the_message(layout: tuple[str, str, str]) -> None:
    world = ChainWorld(*layout, events=[ALARM], failing={"alarm"})
    received = NOW - timedelta(days=2)
    deliveries = [Delivery(reading(1, v=3), received=received), Delivery(reading(2, v=4))]
    asyncio.run(world.started("dispatcher").dispatch(deliveries, lambda: 900.0))
    told = {exact_loads(letter.message)["v"]: letter for letter in world.letters()}
    assert {letter.function for letter in told.values()} == {"event-checker"}
    assert (told[3].received, told[4].received) == (received, None)
