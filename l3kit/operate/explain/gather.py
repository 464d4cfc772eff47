"""Gather the facts on one device from stores, journal and schedules."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zlib import crc32

from l3kit.errors import ConfigurationError
from l3kit.given_values import first_and_nearest
from l3kit.operate.coroutines import READS_AT_ONCE, run
from l3kit.operate.erase.past import NEVER_ERASED, past_erases
from l3kit.operate.expired import NOTHING_EXPIRED, expired_of
from l3kit.operate.explain.facts import MISSING, DeviceFacts, EntryCheck, HotItems, Place, StoredChunk
from l3kit.operate.explain.page import DevicePage
from l3kit.operate.holds.report import holds_of
from l3kit.operate.pauses.report import pauses_of
from l3kit.operate.tier_stores import open_tiers
from l3kit.tiering.format.chunks import SEAL_SHA256, ChunkKey, device_prefix, parse_object_key
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.time_ranges import MAX_SORT_KEY
from l3kit.tiering.hot_pages import hot_pages
from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.journal_record import DeviceRecord, Entry, from_row
from l3kit.tiering.settings.function_table import EXPIRER, FUNCTIONS
from l3kit.tiering.transfer.receipts import archived_digest
from l3kit.twin.device_limits import checked_device
from l3kit.twin.schedules import Schedule

if TYPE_CHECKING:
    from l3kit.operate.tier_stores import TierStores
    from l3kit.session import Session
    from l3kit.tiering.ports import HotStore, ObjectInfo, ObjectStore
    from l3kit.twin.config import Twin

MAX_HOT_BYTES = 64 * 1024 * 1024
"""Bytes of JSON (about 16,000 read units) after which counting stops; hot items are read, oldest first."""
MAX_HEADS = 2_000
"""Maximum number of objects of a tier whose item counts are requested, one request each."""


def explain(session: Session, twin: Twin, device_id: str, *, now: datetime | None = None) -> DevicePage:
    """Explain a device on one page: contents of each tier, the chunk under way, the next steps and their times.

    Reads the device's hot items (up to `MAX_HOT_BYTES`) and requests each of its objects once; writes nothing.

    Args:
        device_id: one of the twin's devices, or one removed from its config that still has data or was erased.
        now: the moment that the page describes, with a time zone; None is the present.
    Raises: ConfigurationError for a device that is neither; StoreError.
    """
    checked_device(device_id)
    if now is not None and now.tzinfo is None:
        raise ConfigurationError("now", f"{now.isoformat()} has no time zone", "Give it in UTC")
    moment = now.astimezone(UTC) if now else datetime.now(UTC).replace(microsecond=0)
    facts = run(_gather(session, twin, device_id, moment))
    if not facts.configured and not (
        (facts.hot and facts.hot.last)
        or facts.cold
        or facts.archive
        or facts.expired.before
        or facts.erased
        or _known(facts.record)
    ):
        known = [device.id for device in twin.devices]
        unseen = [f"{p.tier} on {p.cloud}" for p in facts.places if not p.store]
        cause = f"is not one of {twin.name}'s, and no tier holds anything of it"
        cause += f" (not reached: {', '.join(unseen)})" if unseen else ""
        raise ConfigurationError(f"device {device_id!r}", cause, f"Devices: {first_and_nearest(device_id, known)}")
    return DevicePage(facts)


def _known(record: DeviceRecord | None) -> bool:
    return record is not None and record.version > 0


async def _gather(session: Session, twin: Twin, device_id: str, now: datetime) -> DeviceFacts:
    hot_run = await asyncio.to_thread(_schedule, session, twin, "hot-to-cold-mover", now)
    cold_run = await asyncio.to_thread(_schedule, session, twin, "cold-to-archive-mover", now)
    expirer = MISSING
    if twin.layout.expires:
        expirer = await asyncio.to_thread(_schedule, session, twin, EXPIRER, now)
    async with open_tiers(session, twin) as stores:
        record = from_row(await stores.journal.load(DEVICE_PREFIX + device_id)) if stores.journal else None
        # From hot to archive: a mover deletes only what the next tier already stores, so the reader misses nothing.
        hot = await _hot_items(stores.hot, device_id) if stores.hot else None
        entry = record.entry if record else None
        check = await _check_entry(stores.hot, stores.cold, device_id, entry) if stores.hot and entry else None
        stopped = (await pauses_of(stores, twin)).stops(device_id)
        held = (await holds_of(stores, twin)).forbids(device_id)
        foreign: list[tuple[str, str]] = []
        cold = await _chunks(stores.cold, device_id, foreign) if stores.cold else None
        archive = await _chunks(stores.archive, device_id, foreign) if stores.archive else None
        present = {str(chunk.key) for chunk in archive or ()}
        expired = await expired_of(stores.archive, device_id, present) if stores.archive else NOTHING_EXPIRED
        erased = await past_erases(stores.archive, device_id) if stores.archive else NEVER_ERASED
        return DeviceFacts(
            twin=twin.name,
            device_id=device_id,
            now=now,
            hot_days=twin.config.hot_storage_size_in_days,
            cold_days=twin.config.cold_storage_size_in_days,
            places=_places(session, twin, stores),
            hot=hot,
            cold=cold,
            archive=archive,
            record=record,
            entry=check,
            schedules=(hot_run, cold_run),
            configured=device_id in {device.id for device in twin.devices},
            foreign=tuple(foreign),
            stopped=stopped,
            held=held,
            archive_days=twin.config.archive_storage_size_in_days,
            expired=expired,
            expirer=expirer,
            erased=erased,
        )


def _places(session: Session, twin: Twin, stores: TierStores) -> tuple[Place, Place, Place]:
    cloud = twin.layout.tier
    hot = session.cloud(cloud("hot"))
    table = hot.store_name(twin, "hot") if hot else ""
    cold, archive = (store.name if store else "" for store in (stores.cold, stores.archive))
    return (
        Place("hot", cloud("hot"), table),
        Place("cold", cloud("cold"), cold),
        Place("archive", cloud("archive"), archive),
    )


async def _hot_items(hot: HotStore, device_id: str) -> HotItems:
    sort_keys: list[str] = []
    refused: list[tuple[str, str]] = []
    size = 0
    async for page in hot_pages(hot, device_id, before=MAX_SORT_KEY):
        sort_keys += page.sort_keys
        refused += page.refused
        size += sum(map(len, page.items))
        if size >= MAX_HOT_BYTES and page.next_after is not None:
            newest = await hot.last_item(device_id)
            last = _id_of(newest) or page.next_after
            return HotItems(sort_keys, size, last, False, tuple(refused))
    last = max((*sort_keys[-1:], *(key for key, _ in refused)), default="")
    return HotItems(sort_keys, size, last, True, tuple(refused))


def _id_of(item: bytes | None) -> str:
    """Return the item's id; empty if there is no item, or its id cannot be displayed."""
    try:
        return str(exact_loads(item)["id"]) if item else ""
    except ValueError:
        return ""


async def _check_entry(hot: HotStore, cold: ObjectStore | None, device_id: str, entry: Entry) -> EntryCheck:
    """Compare the chunk under way with the hot tier by the checksums in the journal, as the next run will."""
    archived = await archived_digest(cold, str(entry.key)) if cold else None
    noted = entry.items()
    same = rewritten = 0
    async for page in hot_pages(hot, device_id, before=entry.key.end + "\x00", since=entry.key.start):
        for key, item in zip(page.sort_keys, page.items, strict=True):
            if key in noted:
                same += crc32(item) == noted[key]
                rewritten += crc32(item) != noted[key]
    return EntryCheck(same, rewritten, archived)


async def _chunks(store: ObjectStore, device_id: str, foreign: list[tuple[str, str]]) -> tuple[StoredChunk, ...]:
    infos = [info async for info in store.list(device_prefix(device_id))]
    ours = [(key, info) for info in infos if (key := parse_object_key(info.key)) and key.device_id == device_id]
    foreign += [(store.tier, info.key) for info in infos if parse_object_key(info.key) is None]
    places = asyncio.Semaphore(READS_AT_ONCE)

    async def look(key: ChunkKey, listed: ObjectInfo, ask: bool) -> StoredChunk | None:
        if not ask:
            return StoredChunk(key, listed.size, None)
        async with places:
            info = await store.head(listed.key)
        if info is None:  # moved to the next tier during this read
            return None
        count = info.metadata.get("items", "")
        sealed = info.sha256 == SEAL_SHA256
        return StoredChunk(key, info.size, int(count) if count.isdecimal() else None, info.sha256, sealed)

    found = await asyncio.gather(*(look(key, info, n < MAX_HEADS) for n, (key, info) in enumerate(ours)))
    return tuple(chunk for chunk in found if chunk is not None)


def _schedule(session: Session, twin: Twin, function: str, now: datetime) -> Schedule:
    """Return the deployed schedule of this function."""
    cloud = session.cloud(twin.layout.tier(FUNCTIONS[function].tier))
    return cloud.schedule(twin, function, now) if cloud else Schedule("unreached")
