"""Replays of dead letters: what is taken goes, what is not stays, and nothing is lost whatever dies on the way."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from l3kit.errors import CheckFailedError, ProvisioningError
from l3kit.operate.letters.chosen import Choice
from l3kit.operate.letters.replay import BATCH, MAX_FAILURES, replay_chosen, replay_letters
from l3kit.tiering.format.equal_items import equal_content
from l3kit.tiering.format.messages import MessageRefusedError, normalise
from l3kit.tiering.stream.letters import SET_APART, SKIPPED_IN_REPLAYS
from l3kit.tiering.stream.redelivery import redeliveries_in
from tests.support.chain import NOW, ChainWorld, reading
from tests.support.dying import Fault, Process
from tests.support.letter_clouds import LetterCloud, put, session_of, twin_of
from tests.support.moving import Dead

HOWS = ["after", "refused", *(pytest.param(how, marks=pytest.mark.slow) for how in ("before", "lost"))]
STRANGER = reading(1, "stranger", v=1)
MESSAGES = (STRANGER, reading(2, "stranger", v=1.10), b"nonsense", reading(1, v=1), reading(1, v=2))
"""Two of an unknown device, one that is no message, two versions of one reading."""


def mended(world: ChainWorld, fault: Fault | None = None, **config: Any) -> ChainWorld:
    """The same twin, which takes unknown devices now."""
    there = ChainWorld(world.l1, world.l2, world.hot_cloud, config={"unknown_devices": "keep", **config})
    there.hot, there.letter_stores, there.fault = world.hot, world.letter_stores, fault or Fault()
    return there


def filled() -> ChainWorld:
    world = ChainWorld()
    world.deliver(*MESSAGES)
    assert len(world.letters()) == 4
    return mended(world)


def problems(world: ChainWorld) -> list[str]:
    return sorted(letter.problem for letter in world.letters())


def test_what_is_taken_now_is_in_the_hot_tier_and_its_letter_is_gone() -> None:
    world = filled()
    cloud = LetterCloud(world, "aws")
    result = replay_letters(session_of(cloud), twin_of(world))
    assert (result.total("arrived"), result.total("again")) == (2, 1)
    assert problems(world) == ["not-json", "superseded"]
    world.check_conserved(MESSAGES)
    assert result.notes == ("1 letter was skipped, since superseded is replayed only if it is named",)
    assert "3 dead letters: 2 replayed, 1 in the dead letters again" in str(result)
    with pytest.raises(CheckFailedError, match=r"1 letter stayed; not-json/.* not-json: "):
        result.raise_if_failed()


def test_letters_of_one_function_share_a_call_and_their_bytes_stay() -> None:
    world = filled()
    cloud = LetterCloud(world, "aws")
    replay_letters(session_of(cloud), twin_of(world), problem="unknown-device")
    ((function, event),) = cloud.sent
    assert function == "dispatcher"
    assert {one.body for one in redeliveries_in(event) or ()} == set(MESSAGES[:2])


def test_if_some_of_a_call_fail_again_only_their_letters_stay() -> None:
    world = ChainWorld()
    messages = [reading(number, "stranger", v=number) for number in range(3)]
    world.deliver(*messages)
    there = mended(world, earliest_reading="2026-03-01T10:00:01Z")
    cloud = LetterCloud(there, "aws")
    result = replay_letters(session_of(cloud), twin_of(there))
    assert (result.total("arrived"), result.total("again"), len(cloud.sent)) == (2, 1, 4)
    assert len(there.stored()) == 2
    assert {letter.message for letter in there.letters()} == {messages[0]}


def test_a_dry_run_sends_and_deletes_nothing() -> None:
    world = filled()
    cloud = LetterCloud(world, "aws")
    before = dict(world.letter_stores["aws"].objects)
    result = replay_letters(session_of(cloud), twin_of(world), dry_run=True)
    assert (cloud.sent, result.total("planned")) == ([], 3)
    assert world.letter_stores["aws"].objects == before
    assert result.summary() == "a dry run: 3 letters would be replayed"
    result.raise_if_failed()


def test_each_replay_of_another_day_leaves_one_letter_of_a_message_that_fails_again() -> None:
    world = filled()
    for day in range(1, 4):
        world.clock = NOW + timedelta(days=day)
        before = set(world.letter_stores["aws"].objects)

        replay = replay_chosen(
            session_of(LetterCloud(world, "aws")), twin_of(world), Choice(("not-json",)), clock=lambda: world.clock
        )
        assert asyncio.run(replay).total("again") == 1
        assert set(world.letter_stores["aws"].objects) == before


@pytest.mark.parametrize("limit", [1, 2])
def test_a_limit_is_told_as_a_gap(limit: int) -> None:
    world = filled()
    result = replay_letters(session_of(LetterCloud(world, "aws")), twin_of(world), limit=limit)
    assert sum(result.counts.values()) == limit
    (gap,) = result.gaps
    assert gap.what == f"{3 - limit} further dead letter{'s' if limit == 1 else ''} on aws"


def test_a_cloud_that_is_not_reached_is_a_gap() -> None:
    world = ChainWorld("aws", "azure", "aws")
    world.deliver(STRANGER)
    result = replay_letters(session_of(LetterCloud(world, "aws")), twin_of(world))
    assert [gap.what for gap in result.gaps] == ["the dead letters on azure"]
    with pytest.raises(CheckFailedError, match="azure, which this session does not reach"):
        result.raise_if_failed()


def test_letters_go_back_to_the_cloud_that_wrote_them() -> None:
    world = ChainWorld("aws", "azure", "gcp")
    world.deliver(STRANGER, b"nonsense")
    there = mended(world)
    clouds = [LetterCloud(there, name) for name in ("aws", "azure", "gcp")]
    assert replay_letters(session_of(*clouds), twin_of(there)).total("arrived") == 1
    there.check_conserved([STRANGER, b"nonsense"])


def test_a_function_that_fails_gets_no_more_letters_and_they_stay() -> None:
    world = ChainWorld()
    bad = [b"nonsense %d" % number for number in range(MAX_FAILURES + 2)]
    world.deliver(*bad)

    class Broken(LetterCloud):
        def run(self, function: str, event: Any) -> Any:
            raise ProvisioningError(function, "is not deployed", "Run deploy_l3 first")

    cloud = Broken(world, "aws")
    result = replay_letters(session_of(cloud), twin_of(world))
    assert (result.total("failed"), len(world.letters()), len(cloud.sent)) == (len(bad), len(bad), MAX_FAILURES)
    assert all("Run deploy_l3 first" in one.reason for one in result.left)


def test_an_answer_that_does_not_account_for_a_message_keeps_its_letter() -> None:
    world = filled()

    class Odd(LetterCloud):
        def run(self, function: str, event: Any) -> Any:
            return {"stored": 1, "same": 0, "superseded": 0, "dead": 0}

    result = replay_letters(session_of(Odd(world, "aws")), twin_of(world), problem="unknown-device")
    assert (result.total("failed"), len(world.letters())) == (2, 4)
    assert {one.reason for one in result.left} == {
        "the answer of dispatcher does not account for every message. See its log"
    }


def test_more_letters_than_one_call_takes_are_all_replayed() -> None:
    world = ChainWorld()
    messages = [reading(number, "stranger") for number in range(BATCH + 3)]
    world.deliver(*messages)
    there = mended(world)
    cloud = LetterCloud(there, "aws")
    assert replay_letters(session_of(cloud), twin_of(there)).total("arrived") == len(messages)
    assert len(cloud.sent) == 2
    there.check_conserved(messages)


# --- records of the source ------------------------------------------------------------------------------------------


def record(*bodies: bytes, unread: str = "") -> bytes:
    payloads = [base64.b64encode(body).decode() for body in bodies]
    return json.dumps({"device": "sensor-1", "payloads": payloads, "unread": unread}).encode()


def test_what_the_source_could_not_deliver_is_delivered_and_what_fails_then_becomes_a_letter() -> None:
    world = ChainWorld()
    put(world.letter_stores["aws"], "source/1", record(reading(1), b"nonsense"))
    result = replay_letters(session_of(LetterCloud(world, "aws")), twin_of(world), problem="undelivered")
    result.raise_if_failed()
    assert [(letter.problem, letter.device) for letter in world.letters()] == [("not-json", "sensor-1")]
    world.check_conserved([reading(1), b"nonsense"])
    assert "source/1" not in world.letter_stores["aws"].objects


def test_a_record_of_which_a_part_is_not_read_stays() -> None:
    world = ChainWorld()
    put(world.letter_stores["aws"], "source/1", record(reading(1), unread="its end is cut off"))
    result = replay_letters(session_of(LetterCloud(world, "aws")), twin_of(world))
    assert [one.reason for one in result.left] == ["its end is cut off; the other messages were taken"]
    assert "source/1" in world.letter_stores["aws"].objects


def test_an_object_of_somebody_else_is_left_alone() -> None:
    world = ChainWorld()
    put(world.letter_stores["aws"], "notes.txt", b"mine")
    result = replay_letters(session_of(LetterCloud(world, "aws")), twin_of(world))
    result.raise_if_failed()
    assert result.notes == ("1 object is not a letter and was left alone",)
    assert list(world.letter_stores["aws"].objects) == ["notes.txt"]


# --- faults -----------------------------------------------------------------------------------------------------------


def kept(world: ChainWorld, messages: Sequence[bytes]) -> bool:
    """Whether each message is in the hot tier or in the letters."""
    there = [*world.stored().values(), *(letter.message for letter in world.letters())]
    for message in messages:
        try:
            item = normalise(message, world.rules, world.clock).json
            found = any(one == message or (one[:1] == b"{" and equal_content(one, item)) for one in there)
        except MessageRefusedError:
            found = message in there
        if not found:
            return False
    return True


def replayed(world: ChainWorld, fault: Fault, *named: str) -> None:
    cloud = LetterCloud(world, "aws", Process(fault))
    with suppress(Dead):
        replay_letters(session_of(cloud), twin_of(world), problem=named)


def calls_of(*named: str) -> int:
    fault = Fault()
    replayed(filled(), fault, *named)
    return fault.calls


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("named", [(), ("superseded",)])
def test_a_fault_at_any_call_of_the_operator_loses_nothing(how: str, named: tuple[str, ...]) -> None:
    for at in range(1, calls_of(*named) + 1):
        world = filled()
        replayed(world, Fault(at, how), *named)
        assert kept(world, MESSAGES), f"call {at}"
        replayed(world, Fault(), *named)
        assert kept(world, MESSAGES), f"call {at}, replayed"
        if not named:
            world.check_conserved(MESSAGES)


@pytest.mark.parametrize("how", HOWS)
def test_a_fault_at_any_call_of_the_functions_loses_nothing(how: str) -> None:
    calls = Fault()
    replayed(mended(filled(), fault=calls), Fault())
    for at in range(1, calls.calls + 1):
        world = mended(filled(), fault=Fault(at, how))
        replayed(world, Fault())
        assert kept(world, MESSAGES), f"call {at}"
        replayed(world, Fault())
        world.check_conserved(MESSAGES)


@pytest.mark.parametrize("named", [(), ("superseded",)])
def test_two_replays_at_once_lose_nothing(named: tuple[str, ...]) -> None:
    for seed in range(4):
        world = filled()
        choice = Choice(named, skipped=SKIPPED_IN_REPLAYS, foreign=False)

        async def both(there: ChainWorld = world, choice: Choice = choice, seed: int = seed) -> None:
            clouds = [LetterCloud(there, "aws", seed=seed * 2 + number) for number in range(2)]
            runs = (replay_chosen(session_of(cloud), twin_of(there), choice) for cloud in clouds)
            await asyncio.gather(*runs)

        asyncio.run(both())
        assert kept(world, MESSAGES)
        assert not any(key.startswith(SET_APART) for key in world.letter_stores["aws"].objects)


def test_a_version_that_is_superseded_again_during_its_replay_is_kept() -> None:
    world = ChainWorld()
    versions = [reading(1, v=1), reading(1, v=2)]
    world.deliver(*versions)

    class Overtaken(LetterCloud):
        def run(self, function: str, event: Any) -> Any:
            answer = super().run(function, event)
            world.deliver(versions[1])
            return answer

    replay_letters(session_of(Overtaken(world, "aws")), twin_of(world), problem="superseded").raise_if_failed()
    world.check_conserved(versions)
