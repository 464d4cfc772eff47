"""`load`: readings from files into a twin's hot tier."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from l3kit.errors import ConfigurationError, L3Error
from l3kit.files import check_writable
from l3kit.operate.coroutines import run
from l3kit.operate.load.devices import LoadedDevices
from l3kit.operate.load.file_loading import FileLoading, LoadJob, Shows, progress_path
from l3kit.operate.load.progress_file import digest_of, held
from l3kit.operate.load.pump import RowRate
from l3kit.operate.load.reading import batches, check_files, mapping_of
from l3kit.operate.load.report import MAX_NAMED_DRY, FileLoad, LoadReport
from l3kit.operate.load.settings import LoadOptions, Settings, checked
from l3kit.operate.load.sources import Source, opened, sources
from l3kit.operate.tier_stores import open_tiers
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

SHOWN_ITEMS = 3
SHOWN_FILES = 10
NOT_LOOKED = "what the hot tier holds was not looked at"


class LoadStoppedError(L3Error):
    """A load stopped within a file; the same command continues it."""


def load(
    session: Session | None,
    twin: Twin,
    files: Iterable[str | Path],
    options: LoadOptions,
    *,
    stdin: IO[bytes] | None = None,
    shows: Callable[[int], Shows] = lambda total: lambda count, text: None,
) -> LoadReport:
    """Load files into the hot tier, as `OpenTwin.load`.

    Args:
        session: None for a dry run alone.
        stdin: what `-` stands for.
        shows: given the bytes of all files, shows progress.
    Raises: ConfigurationError before anything is written; LoadStoppedError after that.
    """
    settings = checked(options)
    found, left = sources(files, settings.form)
    given = stdin or (sys.stdin.buffer if any(source.path is None for source in found) else io.BytesIO())
    notes = _left_out(left)
    if settings.dry_run:
        return _dry_run(twin, found, settings, given, notes)
    check_files(found, twin, settings, given)
    for source in found:
        check_writable(progress_path(source, settings))

    async def go() -> LoadReport:
        assert session is not None, "only a dry run goes without a session"
        async with open_tiers(session, twin) as tiers:
            if tiers.hot is None:
                raise ConfigurationError(f"twin {twin.name}", "its hot tier is on a cloud this session does not reach")
            place = (session.target, str(session.sandbox_home))
            job = LoadJob(
                tiers.hot,
                twin,
                settings,
                digest_of(twin.name, place, *_lasting(options)),
                LoadedDevices(twin, add=settings.add_devices),
                RowRate(settings.rate),
                shows(sum(source.size for source in found)),
            )
            return await load_files(job, found, given, notes)

    return run(go())


def _left_out(files: Sequence[str]) -> list[str]:
    more = f" and {len(files) - SHOWN_FILES:,} more" if len(files) > SHOWN_FILES else ""
    named = ", ".join(files[:SHOWN_FILES])
    return [f"left out, since the names tell no form: {named}{more}"] if files else []


def _lasting(options: LoadOptions) -> list[tuple[str, object]]:
    """The options that decide what becomes of a row."""
    passing = ("rate", "restart", "out", "dry_run")
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
    return LoadReport(
        tuple(results), tuple(devices.added), True, (*notes, *_device_notes(devices, dry_run=True), NOT_LOOKED)
    )


def _device_notes(devices: LoadedDevices, *, dry_run: bool) -> list[str]:
    if not devices.added:
        return []
    count = count_of(len(devices.added), "device")
    if dry_run:
        return [f"{count} would be added to config_iot_devices.json"]
    return [f"{count} added to config_iot_devices.json: apply the twin again, so that its functions know them"]


async def load_files(job: LoadJob, found: Sequence[Source], stdin: IO[bytes], notes: Sequence[str] = ()) -> LoadReport:
    """Load files one after the other. Raises: LoadStoppedError naming the file and what is done; ConfigurationError."""
    results = []
    for source in found:
        with held(progress_path(source, job.settings)) if source.path else contextlib.nullcontext():
            one = FileLoading(job, source)
            try:
                results.append(await one.run(stdin))
            except L3Error as error:
                if not one.rows_done:
                    raise
                done = f"{count_of(one.rows_done, 'row')} of {source.name} are done; the same command continues there"
                remedy = ". ".join(filter(None, (error.remedy, done)))
                raise LoadStoppedError(error.resource, error.cause, remedy) from error
    unseen = [f"column {name!r} was in no row" for name in job.settings.columns.unseen()]
    return LoadReport(
        tuple(results), tuple(job.devices.added), False, (*notes, *unseen, *_device_notes(job.devices, dry_run=False))
    )
