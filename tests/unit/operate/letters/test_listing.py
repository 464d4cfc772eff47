"""Listing dead letters: each with its reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from l3kit.operate.letters.listing import letters
from tests.support.chain import NOW, ChainWorld
from tests.support.letter_clouds import LetterCloud, session_of, twin_of
from tests.unit.operate.letters.listed_letters import THREE, listed, world_with

WRITTEN = datetime(2026, 3, 1, tzinfo=UTC)


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


def test_a_twin_without_a_message_chain_says_so() -> None:
    world = ChainWorld()
    twin = twin_of(world)
    twin.layout = type(twin.layout)("aws", "aws", "aws")
    report = letters(session_of(LetterCloud(world, "aws")), twin)
    assert report.notes == ("The twin deploys no message chain, so it has no dead letters",)
    assert (report.summary(), report.complete) == ("0 dead letters", True)
