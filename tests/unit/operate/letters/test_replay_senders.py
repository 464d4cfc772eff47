"""Replays of the same broken bytes of several senders, also with letters under the keys of earlier versions."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest

from l3kit.operate.letters.chosen import Choice
from l3kit.operate.letters.listing import letters
from l3kit.operate.letters.outcomes import LettersReplay
from l3kit.operate.letters.replay import replay_chosen
from l3kit.tiering.stream.letters import DeadLetter
from l3kit.tiering.stream.ports import Delivery
from tests.support.chain import NOW, ChainWorld
from tests.support.letter_clouds import LetterCloud, put, session_of, twin_of

SENDERS = ("pump-1", "pump-2", None)
BODIES = (b"nonsense", b"[1,,2]", b'{"v":1}', b"\xff")


def world_of(*bodies: bytes, received: datetime | None = NOW) -> ChainWorld:
    """Each of these messages was delivered of each sender."""
    world = ChainWorld()
    deliveries = [Delivery(body, sender, received) for body in bodies for sender in SENDERS]
    asyncio.run(world.started("dispatcher").dispatch(deliveries, lambda: 900.0))
    return world


def earlier(world: ChainWorld, device: str, body: bytes = b"nonsense", received: datetime | None = NOW) -> str:
    """A letter of this sender as earlier versions wrote it. Returns: its key."""
    letter = DeadLetter("not-json", "cause", "dispatcher", body, device, received)
    key = f"not-json/{(received or NOW - timedelta(days=4)):%Y-%m-%d}/{hashlib.sha256(body).hexdigest()}.json"
    put(world.letter_stores["aws"], key, letter.to_json())
    return key


def objects(world: ChainWorld) -> dict[str, Any]:
    return dict(world.letter_stores["aws"].objects)


def replay(world: ChainWorld, device: str = "") -> LettersReplay:
    session = session_of(LetterCloud(world, "aws"))
    return asyncio.run(replay_chosen(session, twin_of(world), Choice(device=device), clock=lambda: world.clock))


def test_each_sender_is_listed_and_can_be_chosen() -> None:
    world = world_of(b"nonsense")
    reached = session_of(LetterCloud(world, "aws")), twin_of(world)
    assert {row.device for row in letters(*reached).rows} == set(SENDERS)
    assert [row.device for row in letters(*reached, device="pump-2").rows] == ["pump-2"]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("received", [NOW, NOW - timedelta(days=3), None])
def test_a_message_that_fails_again_keeps_the_letter_of_each_sender_and_has_no_other(
    body: bytes, received: datetime | None
) -> None:
    world = world_of(body, received=received)
    before = objects(world)
    world.clock = NOW + timedelta(days=1)
    for _ in range(2):
        assert replay(world).total("again") == len(SENDERS)
        assert objects(world) == before


def test_a_replay_of_one_sender_leaves_the_letters_of_others_alone() -> None:
    world = world_of(b"nonsense")
    before = objects(world)
    assert replay(world, device="pump-1").total("again") == 1
    assert objects(world) == before


@pytest.mark.parametrize("received", [NOW, None])
def test_a_letter_of_an_earlier_version_is_found_and_stays_alone(received: datetime | None) -> None:
    world = ChainWorld()
    key = earlier(world, "pump-1", received=received)
    for _ in range(2):
        assert replay(world, device="pump-1").total("again") == 1
        assert list(objects(world)) == [key]


def test_a_letter_of_an_earlier_version_is_never_taken_for_another_senders() -> None:
    world = ChainWorld()
    key = earlier(world, "pump-1")
    deliveries = [Delivery(b"nonsense", sender, NOW) for sender in ("pump-2", "pump-2")]
    asyncio.run(world.started("dispatcher").dispatch(deliveries, lambda: 900.0))
    before = objects(world)
    assert sorted(str(letter.device) for letter in world.letters()) == ["pump-1", "pump-2"]
    assert replay(world).total("again") == 2
    assert objects(world) == before
    assert key in before


def test_a_message_that_fails_for_another_problem_still_names_its_sender() -> None:
    world = ChainWorld()
    letter = DeadLetter("unknown-device", "cause", "dispatcher", b'{"v":1}', "pump-1", NOW)
    put(world.letter_stores["aws"], letter.key(NOW), letter.to_json())
    assert replay(world).total("again") == 1
    assert sorted((one.problem, one.device) for one in world.letters()) == [
        ("no-device", "pump-1"),
        ("unknown-device", "pump-1"),
    ]
