"""`load`: readings from files into a twin's hot tier."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

from l3kit.errors import ConfigurationError
from l3kit.files import check_writable
from l3kit.operate.coroutines import run
from l3kit.operate.load.devices import LoadedDevices, device_notes
from l3kit.operate.load.file_loading import FileLoading, input_of
from l3kit.operate.load.items import with_shift
from l3kit.operate.load.kept import LoadJob, Shows, noting_early_end
from l3kit.operate.load.progress_file import digest_of, held
from l3kit.operate.load.pump import RowRate
from l3kit.operate.load.reading import batches, check_files, mapping_of
from l3kit.operate.load.report import MAX_NAMED_DRY, SHOWN_ITEMS, FileLoad, LoadReport
from l3kit.operate.load.settings import LoadOptions, Settings, checked
from l3kit.operate.load.sources import Source, opened, sources
from l3kit.operate.load.table_loading import TableLoading, dry_run_of_table, open_source, plan_of
from l3kit.operate.tier_stores import TierStores, open_tiers

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

SHOWN_FILES = 10
NOT_LOOKED = "the content of the hot tier was not checked"
ONLY_A_SAMPLE = "only a sample of the items was checked"


def load(
    session: Session | None,
    twin: Twin,
    files: Iterable[str | Path],
    options: LoadOptions,
    *,
    stdin: IO[bytes] | None = None,
    shows: Callable[[int, str], Shows] = lambda total, unit: lambda count, text: None,
) -> LoadReport:
    """Load files, or a table, into the hot tier, as `OpenTwin.load` does.

    Args:
        session: None for a dry run of files alone.
        stdin: the stream for `-`.
        shows: called with the bytes of all files, or the items of a table, and the unit; shows progress.
    Raises: ConfigurationError before anything is written; LoadStoppedError after that.
    """
    settings = checked(options)
    if settings.from_table:
        if list(files):
            raise ConfigurationError("--from-table", "and files exclude each other", "Load them one after the other")
        assert session is not None, "only a dry run of files works without a session"
        return run(load_table(session, twin, settings, options, shows))
    found, left = sources(files, settings.form)
    given = stdin or (sys.stdin.buffer if any(source.path is None for source in found) else io.BytesIO())
    notes = _left_out(left)
    if settings.dry_run:
        return _dry_run(twin, found, with_shift(settings, found), given, notes)
    check_files(found, twin, settings, given)
    settings = with_shift(settings, found)
    for source in found:
        check_writable(input_of(source, settings).progress_path)

    async def go() -> LoadReport:
        assert session is not None, "only a dry run works without a session"
        async with open_tiers(session, twin) as tiers:
            bar = shows(sum(source.size for source in found), "B")
            return await load_files(_job(session, twin, tiers, settings, options, bar), found, given, notes)

    return run(go())


async def load_table(
    session: Session,
    twin: Twin,
    settings: Settings,
    options: LoadOptions,
    shows: Callable[[int, str], Shows] = lambda total, unit: lambda count, text: None,
) -> LoadReport:
    """Load a table into the hot tier, or report what that would do.

    Raises: ConfigurationError before anything is written; LoadStoppedError after that.
    """
    async with open_tiers(session, twin) as tiers, open_source(session, twin, settings) as source:
        if settings.dry_run:
            found, new = await dry_run_of_table(source, twin, settings)
            notes = [*device_notes(new, dry_run=True), ONLY_A_SAMPLE, NOT_LOOKED]
            return LoadReport((found,), new, True, tuple(notes), of_table=True)
        plan = await plan_of(source, twin, settings)
        bar = shows(plan.facts.items or 0, " items")
        loading = TableLoading(_job(session, twin, tiers, settings, options, bar), plan)
        loaded = await loading.run()
    return LoadReport(
        (loaded,), loading.devices_added, False, tuple(device_notes(loading.devices_added)), of_table=True
    )


def _job(
    session: Session, twin: Twin, tiers: TierStores, settings: Settings, options: LoadOptions, bar: Shows
) -> LoadJob:
    if tiers.hot is None:
        raise ConfigurationError(f"twin {twin.name}", "its hot tier is on a cloud this session does not reach")
    digest = digest_of(twin.name, (session.target, str(session.sandbox_home)), *_lasting(options))
    devices = LoadedDevices(twin, add=settings.add_devices)
    return LoadJob(tiers.hot, twin, settings, digest, devices, RowRate(settings.rate), bar)


def _left_out(files: Sequence[str]) -> list[str]:
    return [f"left out, since the names show no known format: {_named(files)}"] if files else []


def _named(files: Sequence[str]) -> str:
    more = f" and {len(files) - SHOWN_FILES:,} more" if len(files) > SHOWN_FILES else ""
    return ", ".join(files[:SHOWN_FILES]) + more


def _lasting(options: LoadOptions) -> list[tuple[str, object]]:
    """The options that determine the outcome of a row."""
    passing = ("rate", "read_rate", "restart", "out", "dry_run")
    return [(name, value) for name, value in sorted(options.items()) if name not in passing]


def _dry_run(
    twin: Twin, found: Sequence[Source], settings: Settings, stdin: IO[bytes], notes: Sequence[str]
) -> LoadReport:
    devices = LoadedDevices(twin, add=settings.add_devices, dry_run=True)
    results = []
    for source in found:
        result = FileLoad(source.name, most_named=MAX_NAMED_DRY)
        with opened(source, stdin, settings) as rows:
            result.notes = rows.notes
            for batch in batches(rows.rows, mapping_of(rows, twin, settings), devices):
                result.created += len(batch.items)
                shown = batch.items[: SHOWN_ITEMS - len(result.items)]
                result.items += [one.item.json.decode() for one in shown]
                for row in batch.bad:
                    result.add_bad(row)
        results.append(result)
    added = tuple(devices.added)
    all_notes = (*notes, *_unseen(settings), *device_notes(added, dry_run=True), NOT_LOOKED)
    return LoadReport(tuple(results), added, True, all_notes)


def _unseen(settings: Settings) -> list[str]:
    return [f"column {name!r} was in no row" for name in settings.columns.unseen()]


async def load_files(job: LoadJob, found: Sequence[Source], stdin: IO[bytes], notes: Sequence[str] = ()) -> LoadReport:
    """Load files one after the other. Raises: LoadStoppedError naming the file and the progress; ConfigurationError."""
    results: list[FileLoad] = []
    for source in found:
        place, one = input_of(source, job.settings).progress_path, FileLoading(job, source)
        so_far = partial(_so_far, job, one, results, found)
        with noting_early_end(so_far), held(place) if source.path else contextlib.nullcontext():
            results.append(await one.run(stdin))
    added = tuple(job.devices.added)
    resumed = any(one.resumed for one in results)  # the rows before were not read again
    unseen = [] if resumed else _unseen(job.settings)
    return LoadReport(tuple(results), added, False, (*notes, *unseen, *device_notes(added)))


def _so_far(job: LoadJob, one: FileLoading, whole: Sequence[FileLoad], found: Sequence[Source]) -> str:
    """Return sentences on what was done and what remains when a load ends within a file; empty if nothing was done."""
    parts = [one.done(), *device_notes(job.devices.added)]
    if whole:
        parts.append(f"loaded whole: {_named([file.name for file in whole])}")
    if any(parts) and (left := [source.name for source in found[len(whole) + 1 :]]):
        parts.append(f"not begun: {_named(left)}")
    return "; ".join(filter(None, parts))
