"""One device's history over a time range, from all tiers, as one table; archived parts by way of a restore."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from l3kit.coroutines import run
from l3kit.errors import L3Error, StoreError
from l3kit.tier_stores import open_tiers
from l3kit.tiering.chunks import decompress, device_prefix, parse_object_key
from l3kit.tiering.ports import HotStore, ObjectInfo, ObjectStore

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.session import Session
    from l3kit.twin import Twin

SORT_KEY = "id"
OWN_TIER = "item.tier"


@dataclass(frozen=True, slots=True)
class Part:
    """One object that overlaps the range. `state` is `readable`, `archived`, `restoring` or `restored`."""

    tier: str
    key: str
    size: int
    state: str
    items: int | None


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What was found, and which archived parts are missing because they must be restored first.

    Attributes:
        rows: items as plain dicts with the extra key `tier`, in time order; numbers as Decimal or int. An attribute
            of the item's own by that name is kept as `item.tier`.
        parts: the objects that overlap the range.
        duplicates: items seen more than once with equal content, shown once.
        versions: items of the same time with different content (a rewritten item moved twice); all are shown.
    """

    device_id: str
    start: str
    end: str
    rows: tuple[dict[str, Any], ...]
    parts: tuple[Part, ...]
    duplicates: int = 0
    versions: int = 0
    _session: Any = field(default=None, repr=False)
    _twin: Any = field(default=None, repr=False)

    @property
    def missing(self) -> tuple[Part, ...]:
        """Archived parts that could not be read yet."""
        return tuple(part for part in self.parts if part.state in ("archived", "restoring"))

    @property
    def complete(self) -> bool:
        return not self.missing

    def to_frame(self) -> pd.DataFrame:
        """Columns `time` (UTC), `tier`, then the quantities in alphabetical order; decimals as float64 for plotting.

        An attribute of the items' own called `time` becomes the column `item.time`.
        """
        import pandas as pd

        frame = pd.DataFrame([{key: _plain(value) for key, value in row.items()} for row in self.rows])
        if frame.empty:
            return pd.DataFrame({"time": pd.to_datetime([], utc=True), "tier": []})
        frame = frame.rename(columns={"time": "item.time"})
        frame["time"] = pd.to_datetime(frame.pop(SORT_KEY), utc=True, format="ISO8601")
        frame = frame.drop(columns=[name for name in ("iotDeviceId",) if name in frame])
        quantities = sorted(name for name in frame.columns if name not in ("time", "tier"))
        return frame[["time", "tier", *quantities]]

    def parts_frame(self) -> pd.DataFrame:
        """The objects that overlap the range: tier, state, items, bytes, key."""
        import pandas as pd

        rows = [[p.tier, p.state, p.items, p.size, p.key] for p in self.parts]
        frame = pd.DataFrame(rows, columns=["tier", "state", "items", "bytes", "key"])
        return frame.astype({"items": "Int64"})

    def sentence(self) -> str:
        """One line for people."""
        tiers = {tier: sum(row["tier"] == tier for row in self.rows) for tier in ("hot", "cold", "archive")}
        counts = ", ".join(f"{count:,} from {tier}" for tier, count in tiers.items() if count) or "none"
        missing = f"; {len(self.missing)} archived objects must be restored first" if self.missing else ""
        return f"{len(self.rows):,} readings of {self.device_id}: {counts}{missing}"

    def request_restore(self, days: int = 1) -> QueryResult:
        """Ask for the archived parts to become readable for some days; idempotent. Returns the query asked anew.

        Args:
            days: how long the readable copies stay (they cost storage meanwhile).
        """
        if self.missing:
            run(_restore(self._session, self._twin, [part.key for part in self.missing], days))
        return query(self._session, self._twin, self.device_id, self.start, self.end)

    def wait(self, seconds: float, *, sleep: Callable[[float], None] = time.sleep) -> QueryResult:
        """Ask again, with growing pauses, until all requested parts can be read or the time is up.

        Args:
            seconds: at most so long; what is still restoring then is left for a later query.
        """
        found, pause, left = self, 1.0, seconds
        while any(part.state == "restoring" for part in found.parts) and left > 0:
            pause = min(pause * 2, 300.0, left)
            sleep(pause)
            left -= pause
            found = query(self._session, self._twin, self.device_id, self.start, self.end)
        return found

    def to_json(self) -> dict[str, Any]:
        """The result file's content; the items themselves stay in the notebook."""
        tiers = ("hot", "cold", "archive")
        return {
            "summary": self.sentence(),
            "device": self.device_id,
            "start": self.start,
            "end": self.end,
            "items": {tier: sum(row["tier"] == tier for row in self.rows) for tier in tiers},
            "complete": self.complete,
            "duplicates": self.duplicates,
            "versions": self.versions,
            "parts": [asdict(part) for part in self.parts],
        }


def query(session: Session, twin: Twin, device_id: str, start: str = "", end: str = "\U0010ffff") -> QueryResult:
    """Read a device's items with `start <= time <= end` from the hot, cold and archive tier.

    Objects are chosen by the bounds in their keys; only those that overlap are read.

    Args:
        device_id: one of the twin's devices.
        start, end: ISO 8601 UTC times as the devices write them; left out: from the first, to the last.
    Raises: L3Error for an unknown device or a start behind the end.
    """
    known = [device.id for device in twin.devices]
    if device_id not in known:
        raise L3Error(f"device {device_id}", f"is not one of {twin.name}'s", f"Devices: {', '.join(known[:20])}")
    if start > end:
        raise L3Error("query", f"starts at {start}, behind its end {end}", "Swap them")
    return run(_query(session, twin, device_id, start, end))


async def _query(session: Session, twin: Twin, device_id: str, start: str, end: str) -> QueryResult:
    async with open_tiers(session, twin) as tiers:
        found: list[tuple[str, Any]] = []
        parts: list[Part] = []
        # From hot to archive: a mover deletes only what is stored further down, so nothing slips past the reader.
        if tiers.hot is not None:
            found += [("hot", item) for item in await _hot_items(tiers.hot, device_id, start, end)]
        for tier, store in (("cold", tiers.cold), ("archive", tiers.archive)):
            if store is not None:
                objects = await _objects(tier, store, device_id, start, end)
                parts += [part for part, _ in objects]
                found += [(tier, item) for _, items in objects for item in items]
    rows, duplicates, versions = _merge(found, start, end)
    return QueryResult(device_id, start, end, rows, tuple(parts), duplicates, versions, session, twin)


async def _hot_items(hot: HotStore, device_id: str, start: str, end: str) -> list[bytes]:
    items: list[bytes] = []
    since: str | None = start or None
    after: str | None = None
    while True:
        page = await hot.read_page(device_id, before=end + "\x00", after=after, since=since)
        items += page.items
        if page.next_after is None:
            return items
        after, since = page.next_after, None


async def _objects(tier: str, store: ObjectStore, device_id: str, start: str, end: str) -> list[tuple[Part, list[Any]]]:
    found = []
    infos = [info async for info in store.list(device_prefix(device_id))]
    for info in infos:
        key = parse_object_key(info.key)
        if key is None or key.device_id != device_id or key.end < start or key.start > end:
            continue
        found.append(await _read_object(tier, store, info))
    return found


async def _read_object(tier: str, store: ObjectStore, info: ObjectInfo) -> tuple[Part, list[Any]]:
    state = await store.restore_state(info.key) if tier == "archive" else "readable"
    if state in ("archived", "restoring"):
        return Part(tier, info.key, info.size, state, None), []
    key = parse_object_key(info.key)
    assert key is not None
    body = decompress(await store.read(info.key), key.compression)
    try:
        content = json.loads(body, parse_float=Decimal)
    except ValueError as error:
        raise StoreError(f"{store.name}/{info.key}", f"is not a chunk ({error})", "It was changed by hand") from None
    if not _is_chunk(content):
        raise StoreError(f"{store.name}/{info.key}", "is not a list of items", "It was changed by hand")
    return Part(tier, info.key, info.size, state, len(content)), content


def _is_chunk(content: Any) -> bool:
    return isinstance(content, list) and all(
        isinstance(item, dict) and isinstance(item.get(SORT_KEY), str) for item in content
    )


def _merge(found: Iterable[tuple[str, Any]], start: str, end: str) -> tuple[tuple[dict[str, Any], ...], int, int]:
    """Parse, sort, and show an item once that was on its way from one tier to the next while we read."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    duplicates = 0
    for tier, raw in found:
        item = json.loads(raw, parse_float=Decimal) if isinstance(raw, bytes) else raw
        if not start <= item[SORT_KEY] <= end:
            continue
        # repr, not str: the number 1.5 and the text "1.5" are two versions.
        identity = (item[SORT_KEY], json.dumps(item, sort_keys=True, default=repr))
        if identity in rows:
            duplicates += 1
        else:
            rows[identity] = {"tier": tier, **{OWN_TIER if key == "tier" else key: item[key] for key in item}}
    ordered = [rows[identity] for identity in sorted(rows)]
    versions = len(ordered) - len({row[SORT_KEY] for row in ordered})
    return tuple(ordered), duplicates, versions


async def _restore(session: Session, twin: Twin, keys: list[str], days: int) -> None:
    async with open_tiers(session, twin) as tiers:
        if tiers.archive is not None:
            for key in keys:
                await tiers.archive.restore(key, days=days)


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
