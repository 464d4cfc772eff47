"""Replays of dead letters: a message goes back to where it was set aside, and its letter goes once it arrived."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from l3kit.tiering.stream.letters import DeadLetter, Letters
from l3kit.tiering.stream.replaying import Fate, fate_of, replayed_by
from tests.support.chain import NOW, ChainWorld, reading


@pytest.mark.parametrize(
    ("problem", "function", "entrance"),
    [
        ("not-json", "dispatcher", "dispatcher"),
        ("refused-by-receiver", "connector", "dispatcher"),
        ("processor-failed", "default-processor", "default-processor"),
        ("refused-by-receiver", "persister", "persister"),
        ("refused-by-store", "writer", "persister"),
        ("action-failed", "persister", "event-checker"),
        ("action-failed", "event-checker", "event-checker"),
    ],
)
def test_a_message_enters_again_where_it_was_set_aside(problem: str, function: str, entrance: str) -> None:
    assert replayed_by(DeadLetter(problem, "cause", function, b"{}")) == entrance


@pytest.mark.parametrize(
    ("problem", "answer", "fate"),
    [
        ("not-json", b'{"stored":1,"same":0,"superseded":0,"dead":0}', Fate.ARRIVED),
        ("not-json", b'{"stored":0,"same":0,"superseded":0,"dead":0,"filtered":1}', Fate.ARRIVED),
        ("not-json", b'{"stored":1,"same":0,"superseded":0,"dead":1}', Fate.MIXED),
        ("not-json", b'{"stored":0,"same":0,"superseded":0,"dead":0}', Fate.UNKNOWN),
        ("action-failed", b'{"checked":1,"fired":1,"failed":0,"dead":0}', Fate.ARRIVED),
        ("action-failed", b'{"checked":1,"fired":1,"failed":1,"dead":0}', Fate.AGAIN),
        ("action-failed", b'{"checked":1,"fired":0,"failed":0,"dead":1}', Fate.AGAIN),
        ("action-failed", b"[]", Fate.UNKNOWN),
    ],
)
def test_a_message_alone_has_arrived_once_it_is_not_in_the_letters_again(
    problem: str, answer: bytes, fate: Fate
) -> None:
    function = replayed_by(DeadLetter(problem, "cause", "dispatcher", b"{}"))
    assert fate_of(function, 1, json.loads(answer)) is fate


@pytest.mark.parametrize(
    ("function", "answer", "fate"),
    [
        ("persister", {"stored": 1, "same": 1, "superseded": 1, "dead": 0}, Fate.ARRIVED),
        ("persister", {"stored": 0, "same": 0, "superseded": 0, "dead": 3}, Fate.AGAIN),
        ("persister", {"stored": 1, "same": 0, "superseded": 0, "dead": 2}, Fate.MIXED),
        ("persister", {"stored": 1, "same": 0, "superseded": 0, "dead": 1}, Fate.UNKNOWN),
        ("persister", None, Fate.UNKNOWN),
        ("event-checker", {"checked": 3, "fired": 0, "failed": 0, "dead": 0}, Fate.ARRIVED),
        ("event-checker", {"checked": 3, "fired": 0, "failed": 1, "dead": 0}, Fate.MIXED),
        ("event-checker", {"checked": 2, "fired": 0, "failed": 0, "dead": 0}, Fate.UNKNOWN),
    ],
)
def test_an_answer_tells_what_became_of_all_messages_of_a_call(function: str, answer: object, fate: Fate) -> None:
    assert fate_of(function, 3, answer) is fate


def replay(world: ChainWorld, *problems: str) -> None:
    """Replay the letters of the only cloud."""

    async def run() -> None:
        store = world.letter_stores[world.l1]
        letters = Letters(store, "replay", lambda: NOW)
        for key in [key async for key in letters.keys(problems)]:
            letter = await letters.read(key)
            answer = await world.call(replayed_by(letter), letter.message)
            if fate_of(replayed_by(letter), 1, json.loads(answer)) is Fate.ARRIVED:
                await store.delete(key)

    asyncio.run(run())


def test_a_replay_brings_into_the_hot_tier_what_is_accepted_now_and_keeps_the_other_letters() -> None:
    stranger, nonsense = reading(1, "stranger", v=1), b"nonsense"
    world = ChainWorld()
    world.deliver(stranger, nonsense, reading(1, v=1), reading(1, v=2))
    assert len(world.letters()) == 3
    replay(world)
    assert len(world.letters()) == 3, "nothing has changed"
    there = ChainWorld(config={"unknown_devices": "keep"}, hot=world.hot, letter_stores=world.letter_stores)
    replay(there)
    assert sorted(letter.problem for letter in there.letters()) == ["not-json", "superseded"]
    assert sorted(device for device, _ in there.stored()) == ["sensor-1", "stranger"]


def test_a_superseded_version_that_is_named_comes_back_and_the_newer_one_is_kept() -> None:
    world = ChainWorld()
    world.deliver(reading(1, v=1), reading(1, v=2))
    replay(world, "superseded")
    (stored,) = world.stored().values()
    (letter,) = world.letters()
    assert (b'"v":1' in stored, b'"v":2' in letter.message) == (True, True)


def test_a_failed_action_runs_again_and_its_item_is_not_stored_again() -> None:
    event: Any = {"condition": "a.b.v > DOUBLE(5)", "action": {"type": "function", "functionName": "alarm"}}
    world = ChainWorld(events=[event], failing={"alarm"})
    world.deliver(reading(1, v=6))
    replay(world)
    assert len(world.letters()) == 1
    world.failing.clear()
    world.hot.devices.clear()
    replay(world)
    assert (world.letters(), world.stored(), len(world.called)) == ([], {}, 1)
