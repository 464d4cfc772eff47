"""Query one device's history over a time range from all tiers as one table; archived parts need a restore."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from l3kit.errors import ConfigurationError, L3Error
from l3kit.given_values import first_and_nearest
from l3kit.notebook.answer import Answer
from l3kit.notebook.gaps import Gap, gaps_clause, gaps_frame, gaps_tables
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.operate.coroutines import run
from l3kit.operate.expired import expired_before
from l3kit.operate.reading import Part, Range, column_name, merged, read_device
from l3kit.operate.tier_stores import open_tiers
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.item_json import PARTITION_KEY, SORT_KEY
from l3kit.tiering.format.item_times import moment_or_none, read_moment, shortest
from l3kit.tiering.format.time_ranges import read_bound
from l3kit.twin.device_limits import checked_device
from l3kit.twin.layout import TIERS

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.session import Session
    from l3kit.twin.config import Twin


@dataclass(frozen=True, slots=True, repr=False)
class QueryResult(Displayable, Answer):
    """The result of a query: the items found, and gaps, such as archived parts that must be restored first.

    Attributes:
        start, end: the bounds, inclusive, in ISO 8601 UTC; empty if open.
        rows: items as dicts with the additional key `tier`, in time order; values as stored, numbers as Decimal or
            int. The item's own attribute `tier`, if any, is kept as `item.tier`.
        parts: objects that overlap the range.
        duplicates: number of items read more than once with equal content, returned once.
        versions: items of the same time with different content (a rewritten item moved twice); all are returned.
        gaps: what could not be read: unreached tiers, refused items, unreadable and foreign objects.
        expired_before: if the range begins before it, the time before which chunks of the device have expired; else "".
    """

    device_id: str
    start: str
    end: str
    rows: tuple[dict[str, Any], ...]
    parts: tuple[Part, ...]
    duplicates: int = 0
    versions: int = 0
    gaps: tuple[Gap, ...] = ()
    expired_before: str = ""
    _session: Any = field(default=None, repr=False)
    _twin: Any = field(default=None, repr=False)

    @property
    def missing(self) -> tuple[Part, ...]:
        """Archived parts that cannot be read yet."""
        return tuple(part for part in self.parts if part.state in ("archived", "restoring"))

    @property
    def complete(self) -> bool:
        """True if every tier was reached and the rows hold everything in the range that has not expired."""
        return not self.missing and not self.gaps

    def to_frame(self, *, exact: bool = False) -> pd.DataFrame:
        """Return columns `time` (UTC), `tier`, then the quantities in alphabetical order.

        The items' own attribute `time` becomes the column `item.time`. An `id` that is not a time, or is outside the
        range of pandas' nanosecond timestamps (1678 to 2262), has no `time`; a column `id` is then added.

        Args:
            exact: keep decimals to the last digit; otherwise they become float64, to plot them.
        """
        import pandas as pd

        named = [
            {column_name(key, "time"): value if exact else _plain(value) for key, value in row.items()}
            for row in self.rows
        ]
        frame = pd.DataFrame(named)
        if frame.empty:
            return pd.DataFrame({"time": pd.to_datetime([], utc=True), "tier": []})
        frame["time"] = _times([row[SORT_KEY] for row in self.rows])
        keep = ["time", SORT_KEY, "tier"] if frame["time"].isna().any() else ["time", "tier"]
        hidden = {*keep, SORT_KEY, PARTITION_KEY}
        return frame[[*keep, *sorted(name for name in frame.columns if name not in hidden)]]

    def parts_frame(self) -> pd.DataFrame:
        """Return the objects that overlap the range: tier, state, items, bytes, key."""
        import pandas as pd

        rows = [[p.tier, p.state, p.items, p.size, p.key] for p in self.parts]
        frame = pd.DataFrame(rows, columns=["tier", "state", "items", "bytes", "key"])
        return frame.astype({"items": "Int64"})

    def gaps_frame(self) -> pd.DataFrame:
        """Return what is missing, archived parts included: columns tier, what, reason, remedy."""
        archived = [Gap(p.tier, p.key, f"is {p.state}", "Ask for it with request_restore()") for p in self.missing]
        return gaps_frame([*self.gaps, *archived])

    def sheet(self) -> Sheet:
        """Return what is missing, then the objects of the range, archived ones first; `to_frame` has the items."""
        missing = set(self.missing)
        archived = [part in missing for part in self.parts]
        tables = [*gaps_tables(self.gaps)]
        if self.parts:
            parts = table(
                self.parts_frame(), first=archived, tint_column="state", title="Objects that overlap the range"
            )
            tables.append(parts)
        return Sheet(self.summary(), tuple(tables))

    def summary(self) -> str:
        tiers = {tier: sum(row["tier"] == tier for row in self.rows) for tier in TIERS}
        counts = ", ".join(f"{count:,} from {tier}" for tier, count in tiers.items() if count) or "none"
        missing = f"; {count_of(len(self.missing), 'archived object')} must be restored first" if self.missing else ""
        missing += gaps_clause(self.gaps)
        missing += f"; what was older than {self.expired_before} has expired" if self.expired_before else ""
        return f"{count_of(len(self.rows), 'reading')} of {self.device_id}: {counts}{missing}"

    def request_restore(self, days: int = 1) -> QueryResult:
        """Restore the archived parts for some days and repeat the query; idempotent. Returns the new result.

        Args:
            days: lifetime of the readable copies, whose storage is charged.
        """
        if self.missing:
            run(_restore(self._session, self._twin, [part.key for part in self.missing], days))
        return query(self._session, self._twin, self.device_id, self.start, self.end)

    def wait(self, seconds: float, *, sleep: Callable[[float], None] = time.sleep) -> QueryResult:
        """Repeat the query, with growing waits, until all requested parts can be read or the time is up.

        Args:
            seconds: time limit; parts still restoring then are left to a later query.
        """
        found, pause, left = self, 1.0, seconds
        while any(part.state == "restoring" for part in found.parts) and left > 0:
            pause = min(pause * 2, 300.0, left)
            sleep(pause)
            left -= pause
            found = query(self._session, self._twin, self.device_id, self.start, self.end)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the content of the result file; the items themselves stay in the notebook."""
        return {
            "summary": self.summary(),
            "device": self.device_id,
            "start": self.start,
            "end": self.end,
            "items": {tier: sum(row["tier"] == tier for row in self.rows) for tier in TIERS},
            "complete": self.complete,
            "duplicates": self.duplicates,
            "versions": self.versions,
            "parts": [asdict(part) for part in self.parts],
            "gaps": [asdict(gap) for gap in self.gaps],
            "expired_before": self.expired_before,
        }


def query(
    session: Session, twin: Twin, device_id: str, start: str | date | None = None, end: str | date | None = None
) -> QueryResult:
    """Read a device's items with `start <= time <= end` from the hot, cold and archive tiers.

    Objects are selected by the bounds in their keys; only those that may overlap are read. Items are compared as
    times, whatever their spelling; one whose `id` is not a time matches only the unbounded range
    (docs/reference/items.md).

    Args:
        device_id: one of the twin's devices, or one removed from its config that still has data.
        start, end: ISO 8601 with `Z` or an offset, epoch digits, a datetime with a zone, or a date, which is a whole
            UTC day; empty or omitted: open.
    Raises: ConfigurationError for a bound that is not a time, a start after the end, or an invalid id; L3Error for an
        unknown device.
    """
    checked_device(device_id)
    first = read_bound(start, is_end=False) if start else None
    last = read_bound(end, is_end=True) if end else None
    if first is not None and last is not None and first > last:
        raise ConfigurationError("query", f"starts at {start}, after its end {end}", "Swap them")
    found = run(_query(session, twin, device_id, Range(first, last)))
    known = [device.id for device in twin.devices]
    if device_id not in known and not (found.rows or found.parts or found.expired_before):
        unseen = "".join(f"; {gap.what} {gap.reason}" for gap in found.gaps)
        raise L3Error(
            f"device {device_id}",
            f"is not one of {twin.name}'s, and no tier holds anything of it in this range{unseen}",
            f"Devices: {first_and_nearest(device_id, known)}",
        )
    return found


async def _query(session: Session, twin: Twin, device_id: str, wanted: Range) -> QueryResult:
    async with open_tiers(session, twin) as tiers:
        found = await read_device(tiers, tiers.unreached(twin), device_id, wanted)
        before = await expired_before(tiers.archive, device_id) if tiers.archive else ""
    if before and wanted.start is not None and wanted.start >= read_moment(before):
        before = ""
    rows, duplicates, versions = merged(found.items)
    start, end = ("" if bound is None else shortest(bound) for bound in (wanted.start, wanted.end))
    parts, gaps = tuple(found.parts), tuple(found.gaps)
    return QueryResult(device_id, start, end, rows, parts, duplicates, versions, gaps, before, session, twin)


async def _restore(session: Session, twin: Twin, keys: list[str], days: int) -> None:
    async with open_tiers(session, twin) as tiers:
        if tiers.archive is not None:
            for key in keys:
                await tiers.archive.restore(key, days=days)


def _times(sort_keys: list[str]) -> pd.Series[Any]:
    """Convert to UTC timestamps with nanoseconds; NaT where pandas cannot represent the time."""
    import pandas as pd

    moments = [moment_or_none(key) for key in sort_keys]
    first, last = pd.Timestamp.min.value, pd.Timestamp.max.value
    held = [moment if moment is not None and first <= moment <= last else pd.NaT for moment in moments]
    return pd.Series(pd.to_datetime(pd.Series(held, dtype=object), unit="ns", utc=True)).astype("datetime64[ns, UTC]")


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
