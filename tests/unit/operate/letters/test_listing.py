"""Listing dead letters: what is told of each, what filters choose, and that nothing is left out in silence."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from l3kit.errors import ConfigurationError, StoreError
from l3kit.operate.letters.listing import letters
from l3kit.operate.letters.scan import MAX_BYTES
from l3kit.tiering.stream.letters import DeadLetter, Letters
from tests.support.chain import NOW, ChainWorld
from tests.support.letter_clouds import LetterCloud, put, session_of, twin_of
from tests.support.moving import refusing

OLD = datetime(2026, 2, 20, 8, tzinfo=UTC)
WRITTEN = datetime(2026, 3, 1, tzinfo=UTC)


def world_with(*given: tuple[str, str | None, datetime | None]) -> ChainWorld:
    world = ChainWorld()
    kept = Letters(world.letter_stores["aws"], "dispatcher", lambda: NOW)
    made = [
        kept.of(problem, "why", b"%d" % number, device=device, received=received)
        for number, (problem, device, received) in enumerate(given)
    ]
    asyncio.run(kept.write(made))
    return world


def listed(world: ChainWorld, **chosen: Any) -> Any:
    return letters(session_of(LetterCloud(world, "aws")), twin_of(world), **chosen)


THREE = (("no-time", "sensor-1", NOW), ("no-time", None, OLD), ("superseded", "sensor-2", None))


def test_each_letter_is_told_with_its_reason() -> None:
    report = listed(world_with(*THREE))
    assert report.summary() == "3 dead letters: 2 no-time, 1 superseded"
    assert report.complete
    row = next(row for row in report.rows if row.device == "sensor-1")
    told = (row.cloud, row.problem, row.cause, row.function, row.received, row.written)
    assert told == ("aws", "no-time", "why", "dispatcher", NOW, WRITTEN)
    assert report.to_frame()["problem"].tolist() == ["no-time", "no-time", "superseded"]
    assert "sensor-1" in str(report)
    assert json.loads(json.dumps(report.to_json()))["letters"][0]["bytes"] == report.rows[0].bytes


@pytest.mark.parametrize(
    ("chosen", "devices"),
    [
        ({"problem": "superseded"}, {"sensor-2"}),
        ({"problem": ["superseded", "no-time"]}, {"sensor-1", "sensor-2", None}),
        ({"device": "sensor-1"}, {"sensor-1"}),
        ({"since": "2026-03-01"}, {"sensor-1", "sensor-2"}),
        ({"since": datetime(2026, 3, 1, 12, tzinfo=UTC)}, {"sensor-1"}),
        ({"since": "2026-03-02T00:00:00Z"}, set()),
        ({"problem": "no-time", "since": "2026-02-20T08:00:00Z"}, {"sensor-1", None}),
    ],
)
def test_letters_are_chosen_by_problem_device_and_time(chosen: dict[str, Any], devices: set[str | None]) -> None:
    assert {row.device for row in listed(world_with(*THREE), **chosen).rows} == devices


def test_letters_of_unknown_device_are_told_where_a_device_is_chosen() -> None:
    report = listed(world_with(*THREE), device="sensor-1")
    assert report.notes == ("1 letter does not tell its device, so a choice by device leaves them out",)


def test_what_is_beyond_the_limit_is_counted() -> None:
    report = listed(world_with(*[("no-time", None, NOW)] * 40), limit=3)
    assert (len(report.rows), report.complete) == (3, False)
    assert report.summary().endswith(
        "37 further dead letters on aws were not read, since the limit of 3 letters was reached"
    )


@pytest.mark.parametrize(
    ("chosen", "named"),
    [
        ({"since": "yesterday"}, "since 'yesterday'"),
        ({"limit": 0}, "limit: 0 is no number"),
        ({"problem": "no_time"}, "problem: no_time: not known. Known: .*no-time"),
    ],
)
def test_a_choice_that_is_none_is_refused(chosen: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        listed(ChainWorld(), **chosen)


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


def test_a_twin_without_a_message_chain_says_so() -> None:
    world = ChainWorld()
    twin = twin_of(world)
    twin.layout = type(twin.layout)("aws", "aws", "aws")
    report = letters(session_of(LetterCloud(world, "aws")), twin)
    assert report.notes == ("The twin deploys no message chain, so it has no dead letters",)
    assert (report.summary(), report.complete) == ("0 dead letters", True)
