"""Reading the letters of all clouds: what is not read, or is no letter, is told."""

from __future__ import annotations

import asyncio
from typing import Any

from l3kit.errors import StoreError
from l3kit.operate.letters.listing import letters
from l3kit.operate.letters.scan import MAX_BYTES
from l3kit.tiering.stream.letters import DeadLetter, Letters
from tests.support.chain import NOW, ChainWorld
from tests.support.letter_clouds import LetterCloud, put, session_of, twin_of
from tests.support.moving import refusing
from tests.unit.operate.letters.listed_letters import THREE, listed, world_with


def test_what_is_beyond_the_limit_is_counted() -> None:
    report = listed(world_with(*[("no-time", None, NOW)] * 40), limit=3)
    assert (len(report.rows), report.complete) == (3, False)
    assert report.summary().endswith(
        "37 further dead letters on aws were not read, since the limit of 3 letters was reached"
    )


def test_objects_that_are_no_letters_are_told_apart() -> None:
    world = world_with(("no-time", None, NOW))
    store = world.letter_stores["aws"]
    put(store, "source/1", b'{"device":"sensor-1","payloads":[]}')
    put(store, "notes.txt", b"mine")
    put(store, f"large/{'x' * 9}", b" " * (MAX_BYTES + 1))
    put(store, f"no-time/2026-03-01/{'0' * 64}.json", b"{}")
    report = listed(world)
    assert report.counts() == {"no-time": 1, "not a letter": 3, "undelivered": 1}
    causes = {row.key: row.cause for row in report.rows}
    assert causes["notes.txt"].startswith("is neither a letter of l3kit nor a record")
    assert "so it was not read" in causes[f"large/{'x' * 9}"]
    assert listed(world, problem="undelivered").counts() == {"undelivered": 1}
    (gap,) = listed(world, problem="no-time").gaps
    assert gap.what == f"dead letter no-time/2026-03-01/{'0' * 64}.json on aws"


def test_clouds_that_cannot_be_read_are_gaps_and_the_others_are_listed() -> None:
    world = ChainWorld("aws", "azure", "gcp")
    asyncio.run(Letters(world.letter_stores["gcp"], "writer").write([DeadLetter("no-time", "why", "writer", b"1")]))

    class Refusing(LetterCloud):
        def object_store(self, twin: Any, tier: str) -> Any:
            return refusing(self.world.letter_stores["azure"], "list", StoreError("bucket", "does not exist", "Deploy"))

    clouds = session_of(Refusing(world, "azure"), LetterCloud(world, "gcp"))
    report = letters(clouds, twin_of(world))
    assert report.counts() == {"no-time": 1}
    assert {(gap.what, gap.remedy) for gap in report.gaps} == {
        ("the dead letters on aws", "Connect to aws as well"),
        ("the dead letters on azure, or some of them", "Deploy"),
    }


def test_a_letter_that_cannot_be_read_is_a_gap() -> None:
    world = world_with(*THREE)
    world.letter_stores["aws"] = refusing(world.letter_stores["aws"], "read", StoreError("bucket", "answered 503"))
    report = listed(world)
    assert (report.rows, len(report.gaps), report.complete) == ((), 3, False)
