"""What else may lie among the letters: it is told, it stays as it is, and it stops no letter."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from l3kit.operate.letters.listing import letters
from l3kit.operate.letters.replay import replay_letters
from l3kit.operate.letters.scan import MAX_BYTES, READS_AT_ONCE
from l3kit.tiering.stream.letters import DeadLetter
from tests.support.chain import NOW, ChainWorld, reading
from tests.support.letter_clouds import LetterCloud, put, session_of, twin_of

GOOD = DeadLetter("unknown-device", "why", "dispatcher", reading(1), "sensor-1", NOW)
LATER = DeadLetter("too-sunny", "why", "forecaster", reading(2), "sensor-1", NOW)
"""Of a later version of l3kit, with a problem and a function that are not known yet."""


def key(problem: str, number: int) -> str:
    return f"{problem}/2026-03-01/{number:064x}.json"


def altered(**changes: Any) -> bytes:
    return json.dumps({**json.loads(GOOD.to_json()), **changes}).encode()


GARBAGE = {
    key("unknown-device", 1): GOOD.to_json()[:-20],
    key("unknown-device", 2): b"",
    key("unknown-device", 3): b"[" * 100_000,
    key("unknown-device", 4): altered(message=None, message_base64="~"),
    key("unknown-device", 5): altered(device={"id": 1}),
    key("unknown-device", 6): altered(received="2026-03-01T10:00:00"),
    key("unknown-device", 7): altered(problem="../other"),
    key("unknown-device", 8): b"x" * (MAX_BYTES + 1),
    "unknown-device/2026-03-01/short.json": GOOD.to_json(),
    "..": b"x",
    "\u202e\x1b[31m": b"x",
    "notes.txt": b"mine",
    LATER.key(NOW): LATER.to_json(),
}


def filled() -> ChainWorld:
    world = ChainWorld()
    for name, body in {**GARBAGE, GOOD.key(NOW): GOOD.to_json()}.items():
        put(world.letter_stores["aws"], name, body)
    return world


def test_all_garbage_is_listed_with_what_is_wrong() -> None:
    report = letters(session_of(LetterCloud(filled(), "aws")), twin_of(ChainWorld()))
    told = {row.key: row for row in report.rows}
    assert told.keys() == {*GARBAGE, GOOD.key(NOW)}
    assert {row.problem for row in report.rows} == {"", "too-sunny", "unknown-device"}
    assert [row.key for row in report.rows if row.problem == "unknown-device"] == [GOOD.key(NOW)]
    assert "larger than any letter" in told[key("unknown-device", 8)].cause
    assert "\x1b" not in str(report)


def test_a_replay_takes_the_letters_and_leaves_all_garbage_as_it_is() -> None:
    world = filled()
    result = replay_letters(session_of(LetterCloud(world, "aws")), twin_of(world))
    assert (result.total("arrived"), result.total("failed")) == (1, 1)
    assert "which this version of l3kit does not have" in result.left[0].reason
    assert world.letter_stores["aws"].objects.keys() == GARBAGE.keys()
    assert len(result.gaps) == 8  # what has the key of a letter and is none
    assert len(world.stored()) == 1


class Counting(LetterCloud):
    """Takes everything, and counts the letters that are read at the same time."""

    reading = most = reads = 0

    def object_store(self, twin: Any, tier: str) -> Any:
        store, cloud = super().object_store(twin, tier), self

        class Store:
            def __getattr__(self, name: str) -> Any:
                return getattr(store, name)

            async def read(self, name: str) -> bytes:
                cloud.reading, cloud.reads = cloud.reading + 1, cloud.reads + 1
                cloud.most = max(cloud.most, cloud.reading)
                await asyncio.sleep(0)
                cloud.reading -= 1
                body: bytes = await store.read(name)
                return body

        return Store()

    def run(self, function: str, event: Any) -> Any:
        return {"stored": len(json.loads(event)["deliveries"]), "same": 0, "superseded": 0, "dead": 0}


def test_thousands_of_letters_are_replayed_a_few_at_a_time_with_progress() -> None:
    world = ChainWorld()
    for number in range(2000):
        letter = DeadLetter("unknown-device", "why", "dispatcher", b'{"n":%d}' % number, received=NOW)
        put(world.letter_stores["aws"], letter.key(NOW), letter.to_json())
    listed = Counting(world, "aws")
    report = letters(session_of(listed), twin_of(world), limit=100)
    assert (len(report.rows), report.gaps[0].what) == (100, "1,900 further dead letters on aws")
    assert listed.reads < 100 + READS_AT_ONCE
    cloud, steps = Counting(world, "aws"), list[str]()
    result = replay_letters(session_of(cloud), twin_of(world), progress=steps.append)
    assert (result.total("arrived"), cloud.most, len(cloud.sent)) == (2000, READS_AT_ONCE, 20)
    assert not world.letter_stores["aws"].objects
    assert "2,000 letters read on aws" in steps
    assert steps[-1] == "2,000 letters done, now on aws"
