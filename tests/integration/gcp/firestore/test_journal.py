"""The journal on Firestore: one request a swap, what another swapped, expiry, pages of names."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from google.cloud import firestore

from l3kit.clouds.gcp.data import document_ids
from l3kit.clouds.gcp.data.firestore_stores import FirestorePlace, open_journal
from l3kit.tiering.ports import JournalRow
from tests.conformance.firestore_backend import new_name
from tests.integration.gcp.firestore.faults import PROJECT, Faults, fail, quick


def test_a_swap_after_a_load_or_a_swap_is_one_request(address: str, faults: Faults) -> None:
    place = FirestorePlace(PROJECT, endpoint=address, retry=quick())

    async def run() -> None:
        journal = open_journal(new_name(), place)
        assert await journal.swap("d/1", JournalRow(1, {}))
        assert await journal.swap("d/1", JournalRow(2, {}))
        await journal.load("d/1")
        assert await journal.swap("d/1", JournalRow(3, {}))
        assert not await journal.swap("d/1", JournalRow(3, {}))
        assert [call.method for call in faults.calls] == ["Commit", "Commit", "GetDocument", "Commit"]
        await journal.close()

    asyncio.run(run())


def test_what_another_has_swapped_meanwhile_is_not_overwritten_and_is_seen_after(address: str) -> None:
    place = FirestorePlace(PROJECT, endpoint=address, retry=quick())

    async def run() -> None:
        name = new_name()
        one, other = open_journal(name, place), open_journal(name, place)
        assert await one.swap("d", JournalRow(1, {"by": "one"}))
        await other.load("d")
        assert await one.swap("d", JournalRow(2, {"by": "one"}))
        assert not await other.swap("d", JournalRow(2, {"by": "other"}))
        assert await other.load("d") == JournalRow(2, {"by": "one"})
        assert await other.swap("d", JournalRow(3, {"by": "other"}))
        assert await one.swap("d", JournalRow(4, {"by": "one"}))
        assert await other.load("d") == JournalRow(4, {"by": "one"})

    asyncio.run(run())


def test_a_swap_whose_answer_is_lost_took_effect_once(address: str, faults: Faults) -> None:
    place = FirestorePlace(PROJECT, endpoint=address, retry=quick())

    async def run() -> None:
        journal = open_journal(new_name(), place)
        for version in (1, 2):
            faults.on_after = fail("Commit", grpc.StatusCode.UNAVAILABLE)
            assert not await journal.swap("d", JournalRow(version, {"n": version}))
            assert await journal.load("d") == JournalRow(version, {"n": version})

    asyncio.run(run())


def test_the_expiry_is_a_timestamp_in_the_store_and_a_number_outside(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
    name = new_name()
    row = JournalRow(1, {"expires_at": 1_800_000_000, "other": 5})

    async def run() -> None:
        journal = open_journal(name, FirestorePlace(PROJECT, endpoint=address))
        await journal.swap("report/1", row)
        assert await journal.load("report/1") == row

    asyncio.run(run())
    stored = firestore.Client(project=PROJECT).document(f"{name}/{document_ids.encode('report/1')}").get().to_dict()
    assert stored["expires_at"].timestamp() == 1_800_000_000
    assert stored["other"] == 5


def test_many_names_come_in_pages(address: str) -> None:
    async def run() -> None:
        journal = open_journal(new_name(), FirestorePlace(PROJECT, endpoint=address))
        names = sorted(f"device/{n}" for n in range(1003))
        await asyncio.gather(*(journal.swap(name, JournalRow(1, {})) for name in names))
        assert await journal.names() == names
        assert await journal.names("device/99") == [name for name in names if name.startswith("device/99")]

    asyncio.run(run())
