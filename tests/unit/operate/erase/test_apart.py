"""A device that is erased, apart from runs of movers and of the expirer: waited for, paused, and then not known."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from datetime import timedelta

import pytest

from l3kit.errors import StoreError
from l3kit.operate.holds.changes import hold, release
from l3kit.operate.pauses.changes import pause
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.format.pauses import Pauses
from tests.support.erasable import (
    EXPIRING,
    NOW,
    TWIN,
    A,
    B,
    Cloud,
    Time,
    chunk_key,
    expiry_key,
    expiry_record,
    letter,
    put,
    put_body,
)
from tests.support.moving import Dead

OLD = 300
"""Days after which a chunk in the cold tier is due for the archive."""


def test_a_due_chunk_in_the_cold_tier_is_waited_for_and_what_a_run_puts_back_is_erased() -> None:
    cloud, time = Cloud().fill(days=OLD), Time()
    late = chunk_key(A, 2, OLD)

    async def sleep(seconds: float) -> None:
        if time.slept < 600 <= time.slept + seconds:  # a run that began before the pause archives its object now
            await cloud.archive.create(late, b"[]", sha256="1" * 64)
        await Time.sleep(time, seconds)

    time.sleep = sleep  # type: ignore[method-assign]
    assert cloud.plan(A, time).look_again == NOW + timedelta(seconds=960)
    report = cloud.erase(A, time)
    assert report.complete
    assert (time.slept, cloud.traces(A)) == (960, [])
    assert late not in cloud.archive.objects


def late_letters(cloud: Cloud, time: Time) -> None:
    """Let a dead letter of each device come in during the first wait."""

    async def sleep(seconds: float) -> None:
        if not time.slept:
            for device in (A, B):
                key, body = letter(device, " late")
                await cloud.letters.create(key, body, sha256=hashlib.sha256(body).hexdigest())
        await Time.sleep(time, seconds)

    time.sleep = sleep  # type: ignore[method-assign]


def test_a_dead_letter_that_comes_in_during_the_wait_is_erased_and_one_of_another_device_stays() -> None:
    cloud, time = Cloud().fill(days=OLD), Time()
    late_letters(cloud, time)
    report = cloud.erase(A, time)
    assert (report.complete, cloud.traces(A)) == (True, [])
    assert set(cloud.letters.objects) == {letter(B)[0], letter(B, " late")[0]}
    assert report.tally.amounts["letters on aws", "dead letter"].pieces == 2
    named = [body.decode() for key, body in cloud.archive.bodies().items() if "/part-" in key]
    assert any(letter(A, " late")[0] in text for text in named)


def test_a_late_dead_letter_that_cannot_be_read_keeps_the_erase_from_ending_and_goes_with_the_next() -> None:
    cloud, time = Cloud().fill(days=OLD), Time()
    late_letters(cloud, time)
    read, late = cloud.letters.read, letter(A, " late")[0]

    async def refuse(key: str) -> bytes:
        if key == late:
            raise StoreError("letters", "answered 503 to every try")
        return await read(key)  # type: ignore[no-any-return]

    cloud.letters.read = refuse
    with pytest.raises(StoreError, match=r"could not be read: answered 503.*Erase again"):
        cloud.erase(A, time)
    assert not [key for key in cloud.archive.objects if key.endswith("done.json")]
    assert late in cloud.letters.objects
    cloud.letters.read = read
    assert cloud.erase(A, time).complete
    assert cloud.traces(A) == []


def test_who_interrupts_the_wait_is_told_that_the_same_command_continues() -> None:
    cloud, time = Cloud().fill(days=OLD), Time()

    async def interrupted(seconds: float) -> None:
        raise asyncio.CancelledError

    time.sleep = interrupted  # type: ignore[method-assign]
    with pytest.raises(asyncio.CancelledError) as caught:
        cloud.erase(A, time)
    told = f"Device {A} is erased in part and stays paused: the same command continues"
    assert caught.value.__notes__ == [told]
    assert cloud.erase(A, Time()).complete


def test_a_run_of_the_expirer_is_waited_for_and_its_record_is_erased() -> None:
    """The chunk in the archive is 400 days old, so a run that began before may be about to record that it went."""
    assert Cloud().fill().plan().look_again is None
    cloud, time = Cloud(twin=EXPIRING).fill(), Time()
    late = expiry_key(A).replace("r3", "r4")

    async def sleep(seconds: float) -> None:
        if time.slept < 600 <= time.slept + seconds:
            body = expiry_record(A)
            await cloud.archive.create(late, body, sha256=hashlib.sha256(body).hexdigest())
        await Time.sleep(time, seconds)

    time.sleep = sleep  # type: ignore[method-assign]
    assert cloud.plan(A, time).look_again == NOW + timedelta(seconds=960)
    assert cloud.erase(A, time).complete
    assert (time.slept, cloud.traces(A)) == (960, [])


@pytest.mark.parametrize(("what", "age", "waits"), [("chunk", 20, 40), ("expiry record", 300, 660)])
def test_what_is_young_may_be_followed_by_more_and_is_waited_for(what: str, age: int, waits: int) -> None:
    cloud, time = Cloud().fill(), Time()
    cloud.archive.now = NOW - timedelta(seconds=age)
    again = chunk_key(A, 3, 400) if what == "chunk" else expiry_key(A).replace("r3", "r4")
    body = b"[]" if what == "chunk" else expiry_record(A)
    put_body(cloud.archive, again, body)

    async def sleep(seconds: float) -> None:
        await cloud.archive.create(again, body, sha256=hashlib.sha256(body).hexdigest())
        await Time.sleep(time, seconds)

    time.sleep = sleep  # type: ignore[method-assign]
    assert cloud.erase(A, time).complete
    assert (time.slept, cloud.traces(A)) == (waits, [])
    assert again not in cloud.archive.objects


def test_an_erase_that_goes_on_the_next_day_waits_for_the_expirer_anew() -> None:
    cloud, time = Cloud(twin=EXPIRING).fill(), Time()
    for at in range(1, 200):
        cloud, time = Cloud(twin=EXPIRING).fill(), Time()
        with contextlib.suppress(Dead):
            cloud.killed(at, "after").erase(A, time, wait=False)
        if any(key.endswith("begun.json") for key in cloud.archive.objects):
            break
    time.now += timedelta(days=1)
    then = time.now + timedelta(seconds=960)
    assert cloud.plan(A, time).look_again == then
    assert cloud.erase(A, time, wait=False).look_again == then
    time.now += timedelta(seconds=900)
    assert not cloud.erase(A, time, wait=False).complete, "it is not forgotten"
    put_body(cloud.archive, expiry_key(A).replace("r3", "r4"), expiry_record(A))
    time.now += timedelta(seconds=61)
    assert cloud.erase(A, time, wait=False).complete
    assert cloud.traces(A) == []


def test_nothing_tells_afterwards_that_the_device_was_paused_or_held() -> None:
    cloud = Cloud().fill()
    for device in (A, B):
        hold(cloud.session(), TWIN, device, reason="audit 2026", now=lambda: NOW)
        release(cloud.session(), TWIN, device)
    cloud.erase()
    marks = [key for store in (cloud.cold, cloud.archive) for key in (*store.objects, *store.former) if ".json" in key]
    assert [key for key in marks if A in key and "/erased/" not in key] == []
    assert Holds.key(B) in cloud.archive.former


def test_a_hold_that_is_set_while_an_erase_ends_stays_whole() -> None:
    cloud = Cloud().fill()
    remove = cloud.journal.remove

    async def remove_and_hold(name: str, version: int) -> bool:
        await cloud.archive.create(Holds.key(A), b"{}", sha256="0" * 64)
        return await remove(name, version)

    cloud.journal.remove = remove_and_hold
    cloud.erase()
    assert Holds.key(A) in cloud.archive.objects


def test_without_waiting_the_device_stays_paused_and_a_later_call_takes_the_last_look() -> None:
    cloud, time = Cloud().fill(days=OLD), Time()
    early = cloud.erase(A, time, wait=False)
    assert not early.complete
    assert "erase it again from 2026-06-01T00:16:00Z on" in early.summary()
    assert [key for key in cloud.cold.objects if "paused" in key]
    assert A in Pauses.of_row(cloud.journal.rows[Pauses.record]).devices
    assert not cloud.erase(A, time, wait=False).complete
    time.now += timedelta(seconds=961)
    put(cloud.archive, chunk_key(A, 2, OLD), A)
    late = cloud.erase(A, time, wait=False)
    assert (late.complete, cloud.traces(A)) == (True, [])
    assert not [key for key in cloud.cold.objects if "paused" in key]


def test_a_device_paused_long_enough_is_not_waited_for() -> None:
    cloud = Cloud().fill(days=OLD)
    pause(cloud.session(), TWIN, now=lambda: NOW - timedelta(days=1))
    cloud.cold.now = NOW - timedelta(days=1)
    time = Time()
    assert cloud.erase(A, time).complete
    assert time.slept == 0
    assert [key for key in cloud.cold.objects if "paused/twin" in key], "the twin's pause stays"
