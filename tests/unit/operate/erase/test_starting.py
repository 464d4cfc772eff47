"""Erasing a device: everything of it, nothing of another, killed at any call, refused where it must be."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from l3kit.errors import ConfigurationError, HeldError, L3Error, LeaseTakenError, StoreError
from l3kit.operate.erase.mentions import ERASED
from l3kit.operate.erase.record import RECORD_PREFIX
from l3kit.operate.holds.changes import hold, release
from l3kit.operate.pauses.changes import pause
from l3kit.tiering.format.chunks import ChunkKey, checksums, encode_sort_keys
from l3kit.tiering.format.pauses import Pauses
from l3kit.tiering.journal_record import DeviceRecord, Entry, to_row
from l3kit.tiering.movers.hot_to_cold import read_report
from l3kit.tiering.ports import ObjectVersion
from l3kit.tiering.stream.letters import DeadLetter
from tests.support.erasable import NOW, TWIN, A, B, Cloud, Time, expiry_key, expiry_record, put_body
from tests.support.memory_stores import MemoryObjectStore
from tests.support.moving import Dead, refusing

OLD = 300
"""Days after which a chunk in the cold tier is due for the archive."""


def records(cloud: Cloud) -> dict[str, Any]:
    bodies = cloud.archive.bodies()
    return {key: json.loads(body) for key, body in bodies.items() if key.startswith(RECORD_PREFIX)}


def others(cloud: Cloud) -> dict[str, str]:
    """Everything but the erased device's, and but reports, of which only its part changes."""
    kept = cloud.everything()
    return {name: text for name, text in kept.items() if name not in cloud.traces(A) and "report" not in name}


def paused(cloud: Cloud) -> list[str]:
    """The places that have a pause of the device."""
    in_journal = Pauses.of_row(cloud.journal.rows.get(Pauses.record)).devices
    return [*in_journal, *(key for key in cloud.cold.objects if key == Pauses.key(A))]


def test_everything_of_the_device_goes_and_nothing_of_another() -> None:
    cloud = Cloud().fill()
    before, plan = others(cloud), cloud.plan()
    assert len(cloud.traces(A)) > 14
    report = cloud.erase()
    assert report.complete
    assert cloud.traces(A) == []
    assert others(cloud) == before
    assert plan.tally.amounts == report.tally.amounts
    assert "7 items (hot" in plan.summary()
    assert "their figures stay" in str(plan)
    assert report.to_frame().shape[0] == len(report.tally.amounts)
    assert cloud.journal.rows[f"device/{B}"]


def test_the_record_has_a_digest_of_everything_and_says_who_and_why() -> None:
    cloud = Cloud().fill()
    report = cloud.erase()
    done = records(cloud)[report.record]
    assert (done["device"], done["by"], done["reason"]) == (A, "ann", "asked")
    parts = {key: rows for key, rows in records(cloud).items() if "part-" in key}
    assert {part["key"] for part in done["parts"]} == set(parts)
    for part in done["parts"]:
        assert cloud.archive.objects[part["key"]][0].sha256 == part["sha256"]
    pieces = [row for rows in parts.values() for row in rows]
    assert all(row["digest"] for row in pieces if row["name"] != "resume/hot-to-cold-mover")
    chunk = next(row for row in pieces if row["kind"] == "chunk" and row["place"] == "cold" and not row["version"])
    assert chunk["digest"].startswith("sha256:")
    assert any(row["version"] for row in pieces), "former versions are named too"


def test_nothing_is_deleted_that_the_record_does_not_name_already() -> None:
    cloud = Cloud().fill()
    deleted: list[str] = []

    def named() -> set[str]:
        return {row["name"] for key, rows in records(cloud).items() if "part-" in key for row in rows}

    def watched(store: MemoryObjectStore) -> Any:
        delete = store.delete_version

        async def delete_version(version: ObjectVersion) -> None:
            deleted.append(version.key)
            assert version.key in named() or version.key == Pauses.key(A), version
            await delete(version)

        return delete_version

    delete_items = cloud.hot.delete_items

    async def delete_page(device: str, keys: Any) -> None:
        deleted.append(device)
        assert any(name.startswith(keys[0]) for name in named())
        await delete_items(device, keys)

    cloud.hot.delete_items = delete_page
    for store in (cloud.cold, cloud.archive, cloud.letters):
        store.delete_version = watched(store)
    cloud.erase()
    assert len(deleted) > 12


def test_the_record_is_closed_when_nothing_is_left_and_the_device_is_free() -> None:
    cloud = Cloud().fill()
    create = cloud.archive.create

    async def create_and_look(key: str, body: bytes, **content: Any) -> Any:
        if key.endswith("done.json"):
            assert (cloud.traces(A), paused(cloud)) == ([], [])
        return await create(key, body, **content)

    cloud.archive.create = create_and_look
    assert cloud.erase().record.endswith("done.json")


def test_reports_keep_their_figures_without_the_device() -> None:
    cloud = Cloud().fill()
    cloud.erase()
    kept = [
        json.loads(body)
        for store in (cloud.cold, cloud.archive)
        for key, body in store.bodies().items()
        if "/reports/" in key
    ]
    (name,) = [name for name in cloud.journal.rows if name.startswith("report/")]
    for report in (*kept, read_report(cloud.journal.rows[name])):
        assert [row["device_id"] for row in report["devices"]] == [ERASED, B]
        assert [row["items"] for row in report["devices"]] == [3, 3]
        assert [row["device"] for row in report["paused"]] == [B]


def test_a_second_erase_says_that_it_was_done_already_and_changes_nothing() -> None:
    cloud = Cloud().fill()
    cloud.erase()
    before, had = cloud.everything(), records(cloud)
    again = cloud.erase()
    assert "was erased already on 2026-05-30T00:00:00Z; nothing of it is left" in again.summary()
    assert (cloud.everything(), records(cloud)) == (before, had)
    assert not cloud.plan().tally


def test_data_that_came_in_after_an_erase_are_erased_by_the_next_with_a_record_of_their_own() -> None:
    cloud, time = Cloud().fill(), Time()
    first = cloud.erase()
    time.now += timedelta(hours=1)
    cloud.fill((A,))
    second = cloud.erase(A, time)
    assert second.record not in ("", first.record)
    assert cloud.traces(A) == []


@pytest.mark.parametrize(
    ("how", "days", "step"),
    [
        ("after", 3, 9),
        *(pytest.param(how, 3, 1, marks=pytest.mark.slow) for how in ("before", "after", "lost", "refused")),
        *(pytest.param(how, OLD, 3, marks=pytest.mark.slow) for how in ("before", "after", "lost", "refused")),
    ],
)
def test_killed_at_any_call_a_repetition_erases_the_rest_and_nothing_of_another(how: str, days: int, step: int) -> None:
    whole = Cloud().fill(days=days)
    kept, calls = others(whole), [0]
    whole.killed(0, how, calls).erase()
    assert calls[0] > 50
    for at in range(1, calls[0] + 1, step):
        cloud, time = Cloud().fill(days=days), Time()
        with contextlib.suppress(Dead, StoreError):
            cloud.killed(at, how).erase(A, time)
        if any(key.endswith("done.json") for key in records(cloud)):
            assert cloud.traces(A) == [], f"call {at}: the record is closed, so nothing may be left"
            assert paused(cloud) == [], f"call {at}"
        assert {name: text for name, text in others(cloud).items() if name in kept} == kept, f"call {at}"
        report = cloud.erase(A, time)
        assert cloud.traces(A) == [], f"call {at}"
        assert others(cloud) == kept, f"call {at}"
        done = [content for key, content in records(cloud).items() if key.endswith("done.json")]
        erased = {(row["where"], row["what"]): row["pieces"] for content in done for row in content["erased"]}
        assert erased.items() >= {("hot", "items"): 3, ("archive", "chunk"): 1, ("cold", "chunk"): 2}.items(), at
        assert report.complete
        assert paused(cloud) == [], f"call {at}"


def test_a_hold_stops_an_erase_before_anything_goes_and_one_that_is_set_meanwhile_before_the_next_batch() -> None:
    cloud = Cloud().fill()
    before = cloud.everything()
    for device in (None, A):
        hold(cloud.session(), TWIN, device, reason="audit 2026", by="bob", now=lambda: NOW)
        of_twin, named = (", like the whole twin", "") if device is None else ("", f" {A}")
        told = rf"by bob \(audit 2026\){of_twin}; nothing was erased.* lift it: l3kit hold{named} --release"
        for work in (cloud.plan, cloud.erase):
            with pytest.raises(HeldError, match=told):
                work()
        release(cloud.session(), TWIN, device)
    del cloud.journal.rows["hold"], cloud.archive.former["_l3kit/held/twin.json"]
    held = [key for key in cloud.archive.former if "/held/" in key]
    for key in held:
        del cloud.archive.former[key]
    assert cloud.everything() == before

    time = Time()

    async def hold_and_go(device: str, keys: Any) -> None:
        await cloud.archive.create("_l3kit/held/twin.json", b"{}", sha256="0" * 64)
        time.now += timedelta(seconds=30)
        for key in keys:
            cloud.hot.devices[device].pop(key)

    cloud.hot.delete_items = hold_and_go
    with pytest.raises(HeldError, match="nothing more was erased"):
        cloud.erase(A, time)
    assert len(cloud.hot.devices[A]) == 4, "one page was under way"
    assert cloud.traces(B)


def test_a_device_with_a_chunk_under_way_or_in_the_hands_of_a_run_is_refused() -> None:
    cloud = Cloud().fill()
    key = ChunkKey(A, "2026-05-31T00:00:00Z", "2026-05-31T00:01:00Z", 3)
    keys = encode_sort_keys([key.start, key.end])
    entry = Entry("writing", key, "0" * 64, 9, 2, keys, checksums([b"a", b"b"]))
    cloud.journal.rows[f"device/{A}"] = to_row(DeviceRecord(5, "", NOW, 4, entry))
    before = cloud.everything()
    with pytest.raises(ConfigurationError, match=r"is under way; nothing was erased\. Let the hot-to-cold mover"):
        cloud.erase()
    pause(cloud.session(), TWIN, A, now=lambda: NOW)
    with pytest.raises(ConfigurationError, match=rf"\(l3kit resume {A}, l3kit run hot-to-cold-mover\)"):
        cloud.erase()
    cloud.journal.rows[f"device/{A}"] = to_row(DeviceRecord(6, "run 7", NOW + timedelta(seconds=60), 4))
    with pytest.raises(LeaseTakenError, match=r"run 7 holds its lease; nothing was erased\. Erase it again when"):
        cloud.erase()
    assert cloud.everything().keys() == before.keys()


def test_a_run_that_takes_the_device_just_then_is_named_and_that_the_device_stays_paused() -> None:
    cloud = Cloud().fill()
    before, create = cloud.everything(), cloud.cold.create

    async def create_and_take(key: str, body: bytes, **content: Any) -> Any:
        if key == Pauses.key(A):
            cloud.journal.rows[f"device/{A}"] = to_row(DeviceRecord(6, "run 7", NOW + timedelta(seconds=60), 4))
        return await create(key, body, **content)

    cloud.cold.create = create_and_take
    told = rf"nothing was erased, and the device stays paused\. Erase it again .*l3kit resume {A}"
    with pytest.raises(LeaseTakenError, match=told):
        cloud.erase()
    assert cloud.everything().keys() == before.keys()
    assert len(paused(cloud)) == 2


def test_records_of_what_expired_go_and_the_record_of_the_erase_has_their_digests() -> None:
    cloud = Cloud().fill()
    assert ("archive", "expiry record") in cloud.plan().tally.amounts
    cloud.erase()
    pieces = [row for key, rows in records(cloud).items() if "part-" in key for row in rows]
    (piece,) = [row for row in pieces if row["kind"] == "expiry record"]
    assert piece["digest"] == f"sha256:{hashlib.sha256(expiry_record(A)).hexdigest()}"
    assert expiry_key(A) not in cloud.archive.objects
    assert expiry_key(B) in cloud.archive.objects


def test_an_unknown_device_is_refused_with_the_nearest_and_a_reserved_one_too() -> None:
    cloud = Cloud().fill()
    before = cloud.everything()
    for work in (cloud.plan, cloud.erase):
        with pytest.raises(ConfigurationError, match=f"is not one of weather-stations's.*did you mean {A}"):
            work(f"{A}x")
        with pytest.raises(ConfigurationError, match="is reserved"):
            work("~canary")
    assert cloud.everything() == before


def test_a_device_that_the_config_no_longer_lists_is_erased_and_forgotten_by_the_movers() -> None:
    from l3kit.tiering.movers.hot_to_cold import RESUME_NAME, _resume_row, knows_device

    cloud = Cloud().fill(("gone", B))
    cloud.journal.rows[RESUME_NAME] = _resume_row(None, "gone", ["gone", B])
    assert cloud.erase("gone").complete
    assert cloud.traces("gone") == []
    assert not knows_device(cloud.journal.rows[RESUME_NAME], "gone")
    assert knows_device(cloud.journal.rows[RESUME_NAME], B)


def test_a_listed_device_without_data_is_told_as_such() -> None:
    assert "has no data; nothing was erased" in Cloud().erase().summary()


def test_objects_below_the_prefix_that_are_no_chunks_are_left_and_named() -> None:
    cloud = Cloud().fill()
    put_body(cloud.cold, f"{A}/readme.txt", b"by hand")
    report = cloud.erase()
    (told,) = [one for one in report.unreached if "not chunks" in one.what]
    assert f"{A}/readme.txt" in told.remedy
    assert f"{A}/readme.txt" in cloud.cold.objects


def test_a_device_that_keeps_sending_is_not_told_as_erased() -> None:
    cloud = Cloud().fill()

    async def delete_and_send(device: str, keys: Any) -> None:
        return None

    cloud.hot.delete_items = delete_and_send
    with pytest.raises(StoreError, match="Stop the device from sending"):
        cloud.erase()


def test_of_two_senders_of_the_same_broken_bytes_one_keeps_its_letter() -> None:
    cloud = Cloud().fill()
    both = {one: DeadLetter("not-json", "cause", "dispatcher", b"nonsense", one) for one in (A, B)}
    for one in both.values():
        put_body(cloud.letters, one.key(NOW), one.to_json())
    before = cloud.plan().tally.amounts["letters on aws", "dead letter"].pieces
    assert cloud.erase().tally.amounts["letters on aws", "dead letter"].pieces == before == 2
    assert both[A].key(NOW) not in cloud.letters.objects
    assert cloud.letters.bodies()[both[B].key(NOW)] == both[B].to_json()


def test_letters_under_the_keys_of_earlier_versions_are_erased_too() -> None:
    cloud = Cloud().fill()
    keys = {}
    for device in (A, B):
        letter = DeadLetter("not-json", "cause", "dispatcher", f"nonsense {device}".encode(), device)
        keys[device] = f"not-json/2026-05-20/{hashlib.sha256(letter.message).hexdigest()}.json"
        put_body(cloud.letters, keys[device], letter.to_json())
    cloud.erase()
    assert keys[A] not in cloud.letters.objects
    assert keys[B] in cloud.letters.objects


def test_a_dead_letter_that_cannot_be_read_keeps_the_erase_from_ending() -> None:
    cloud = Cloud().fill()
    whole = cloud.letters
    cloud.letters = refusing(whole, "read", StoreError("letters", "answered 503 to every try"))
    with pytest.raises(StoreError, match=r"could not be read: answered 503.*Erase again"):
        cloud.erase()
    assert not [key for key in records(cloud) if key.endswith("done.json")]
    cloud.letters = whole
    assert cloud.erase().complete
    assert cloud.traces(A) == []


def test_an_interrupted_erase_frees_the_device_s_lease() -> None:
    cloud = Cloud().fill()

    async def refused(version: Any) -> None:
        raise StoreError("cold", "answered 503")

    cloud.cold.delete_version = refused
    with pytest.raises(L3Error, match="answered 503"):
        cloud.erase()
    assert cloud.journal.rows[f"device/{A}"].attributes["owner"] == ""


def test_an_unreached_tier_is_named_before_anything_goes() -> None:
    from l3kit.operate.erase.starting import erase
    from l3kit.session import Session

    with pytest.raises(ConfigurationError, match=r"nothing was erased.*Connect to"):
        erase(Session("sandbox", {}), TWIN, A)
    assert asyncio.run(Cloud().journal.names()) == []
