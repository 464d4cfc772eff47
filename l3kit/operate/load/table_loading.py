"""`load --from-table`: the items of another table into a twin's hot tier; that table is only read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from l3kit.clouds.ports.source_table import SourceFacts, SourceTable
from l3kit.errors import ConfigurationError
from l3kit.files import check_writable
from l3kit.operate.load.columns import Columns
from l3kit.operate.load.devices import LoadedDevices, device_notes
from l3kit.operate.load.kept import BadForm, Input, Kept, LoadJob, noting_early_end
from l3kit.operate.load.mapping import RowMapping
from l3kit.operate.load.progress_file import held
from l3kit.operate.load.pump import Batch, RowRate, pump
from l3kit.operate.load.reading import BATCH_ROWS, refuse_if_all_bad
from l3kit.operate.load.report import MAX_NAMED_DRY, SHOWN_ITEMS, FileLoad
from l3kit.operate.load.settings import Settings
from l3kit.operate.load.table_reading import PacedReading
from l3kit.operate.load.table_rows import TableRows, bad_item_line, item_row
from l3kit.operate.load.writing import RowWriting
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

_EXPORT = "Export it to JSON lines or Parquet, and load that file"


@asynccontextmanager
async def open_source(session: Session, twin: Twin, settings: Settings) -> AsyncIterator[SourceTable]:
    """Open the table to copy from. Raises: ConfigurationError if it is on a cloud that the session does not reach."""
    name = settings.from_cloud or twin.layout.tier("hot")
    cloud = session.any_cloud(name)
    if cloud is None:
        reached = ", ".join(sorted(session.clouds))
        cause = f"is on {name}, which this session does not reach; it reaches {reached}"
        raise ConfigurationError(f"table {settings.from_table}", cause, _EXPORT)
    source = cloud.source_table(twin, settings.from_table)
    try:
        yield source
    finally:
        await source.close()


@dataclass(frozen=True, slots=True)
class TablePlan:
    """Plan for reading a table and interpreting its items.

    Attributes:
        sample: some of its items as a batch.
        new_devices: devices of the sample that would be added to the twin's list.
    """

    facts: SourceFacts
    reading: PacedReading
    columns: Columns
    mapping: RowMapping
    sample: Batch
    new_devices: tuple[str, ...]

    def notes(self) -> tuple[str, ...]:
        """Return sentences on the table and the way of reading it."""
        facts, rate = self.facts, self.reading.rate.rate
        device = self.columns.device_id or f"attribute {self.columns.device!r}"
        pace = f"; at most {rate:,g} read units a second are taken (--read-rate)" if rate else ""
        return tuple(
            filter(
                None,
                (
                    f"its key is {' and '.join(map(repr, facts.keys))}; the device is {device}, "
                    f"the time is attribute {self.columns.time!r}",
                    f"read {self.reading.reading.reason}",
                    f"{facts.capacity}{pace}".removeprefix("; "),
                ),
            )
        )


async def plan_of(
    source: SourceTable, twin: Twin, settings: Settings, limit: Callable[[float], RowRate] = RowRate
) -> TablePlan:
    """Describe a table and read some of its items. Writes nothing.

    Args:
        limit: makes the limiter for a rate.
    Raises: ConfigurationError if it cannot be copied with these options; StoreError.
    """
    facts = await source.facts()
    columns = settings.columns.with_keys(facts.keys)
    rate = facts.share if settings.read_rate is None else settings.read_rate
    item_units = facts.units / facts.items if facts.units and facts.items else 1.0
    most = min(BATCH_ROWS, max(1, int(settings.rate))) if settings.rate else BATCH_ROWS
    reading = PacedReading(source.reading(facts, columns.device), limit(rate), most, item_units)
    items = await reading.sample()
    if not items:
        raise ConfigurationError(facts.resource, "has no items", "Check that it is the right table")
    names: dict[str, None] = {}
    for number, item in enumerate(items, 1):
        names.update(dict.fromkeys(getattr(item_row(number, item), "cells", ())))
    if names:
        columns = columns.with_names(tuple(names), facts.resource)
    devices = LoadedDevices(twin, add=settings.add_devices, dry_run=True)
    known = frozenset(device.id for device in twin.devices)
    mapping = RowMapping(columns, settings.times, twin.config.time_digits, None, known)
    sample = TableRows(mapping, devices).batch(items)
    return TablePlan(facts, reading, columns, mapping, sample, tuple(devices.added))


async def dry_run_of_table(
    source: SourceTable, twin: Twin, settings: Settings, limit: Callable[[float], RowRate] = RowRate
) -> tuple[FileLoad, tuple[str, ...]]:
    """Report the content of a table, and the outcome for a sample of its items.

    Returns: the result, and devices that would be added to the twin's list.
    """
    plan = await plan_of(source, twin, settings, limit)
    sample = plan.sample
    unseen = (f"attribute {name!r} was in no item of the sample" for name in plan.columns.unseen())
    notes = (*plan.notes(), *unseen)
    result = FileLoad(plan.facts.resource, most_named=MAX_NAMED_DRY, expected=plan.facts.items, notes=notes)
    result.created = len(sample.items)
    result.items = [one.item.json.decode() for one in sample.items[:SHOWN_ITEMS]]
    for row in sample.bad:
        result.add_bad(row)
    return result, plan.new_devices


class TableLoading:
    """Loads one table."""

    def __init__(self, job: LoadJob, plan: TablePlan) -> None:
        self._job = job
        self._plan = plan
        facts = plan.facts
        identity = {"table": facts.resource, "id": facts.identity}
        given = Input(
            facts.resource,
            *_place(job.settings),
            identity,
            "the table was recreated, or another one of that name is given,",
            "item",
        )
        self._kept = Kept(job, given, FileLoad(facts.resource, expected=facts.items, notes=plan.notes()))

    @property
    def devices_added(self) -> tuple[str, ...]:
        """Devices that were added to the twin's list."""
        return tuple(self._job.devices.added)

    async def run(self) -> FileLoad:
        """Load the table. Raises: L3Error before anything is written; LoadStoppedError after that."""
        with noting_early_end(self._so_far):
            return await self._run()

    def _so_far(self) -> str:
        return "; ".join(filter(None, [self._kept.done(), *device_notes(self._job.devices.added)]))

    async def _run(self) -> FileLoad:
        check_writable(self._kept.given.progress_path)
        refuse_if_all_bad(self._plan.facts.resource, self._plan.sample)
        kept, job = self._kept, self._job
        with held(kept.given.progress_path):
            previous = await kept.previous()
            with kept.recording():
                kept.begin(BadForm(".jsonl", "", "utf-8", bad_item_line), previous)
                self._tell_continued()
                writing = RowWriting(job.hot, kept.keep_old if job.settings.replace else None)
                async with aclosing(self._batches()) as batches:
                    await pump(batches, writing.write, kept.settled, job.rate)
            kept.end(self._plan.facts.items or 0)
        if not kept.result.resumed:
            kept.result.notes += tuple(f"attribute {name!r} was in no item" for name in self._plan.columns.unseen())
        return kept.result

    def _tell_continued(self) -> None:
        """Note what cannot be verified about a table whose copy is continued."""
        result, unverified = self._kept.result, self._plan.facts.unverified
        if result.resumed and unverified:
            result.notes += (f"continued behind {count_of(result.resumed, 'item')}; {unverified}",)

    async def _batches(self) -> AsyncGenerator[Batch, None]:
        """Yield each page as a batch, so that reading can continue right after it."""
        rows, done = TableRows(self._plan.mapping, self._job.devices), self._kept.rows_done
        async with aclosing(self._plan.reading.pages(self._kept.places)) as pages:
            async for part, page in pages:
                if page.items:
                    batch = rows.batch(page.items, done)
                    batch.part, batch.place = part, page.next or ""
                    done = batch.rows
                    yield batch


def _place(settings: Settings) -> tuple[Path, str]:
    """Return folder and name prefix of the kept files."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", settings.from_table)
    if name != settings.from_table or settings.from_cloud:  # another table may have the same name then
        origin = f"{settings.from_cloud}:{settings.from_table}"
        name += f"-{hashlib.sha256(origin.encode()).hexdigest()[:8]}"
    return settings.out or Path.cwd(), name
