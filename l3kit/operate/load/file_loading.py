"""The load of one file: from where an interrupted load stopped, with bad rows and progress beside it."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from l3kit.errors import L3Error
from l3kit.operate.load.beside import BesideFile, free_path, kept_encoding
from l3kit.operate.load.devices import LoadedDevices
from l3kit.operate.load.progress_file import Progress, read_progress, write_progress
from l3kit.operate.load.pump import Batch, RowRate, pump
from l3kit.operate.load.reading import BATCH_ROWS, batches, mapping_of, refuse_if_all_bad
from l3kit.operate.load.report import COUNTS, FileLoad
from l3kit.operate.load.rows import BadRow
from l3kit.operate.load.settings import Settings
from l3kit.operate.load.sources import OpenedRows, Source, opened
from l3kit.operate.load.writing import Fate, RowWriting
from l3kit.tiering.format.equal_items import equal_content
from l3kit.tiering.ports import Held, HotStore
from l3kit.twin.config import Twin

SAVED_SECONDS = 1.0
"""Progress is recorded about this often."""

Shows = Callable[[int, str], None]
"""Shows progress: bytes of the files read since the last call, and the rows so far in words."""


@dataclass(frozen=True, slots=True)
class LoadJob:
    """What the files of a load share.

    Attributes:
        digest: of twin, target and options; another load does not continue this one.
        clock: monotonic seconds.
    """

    hot: HotStore
    twin: Twin
    settings: Settings
    digest: str
    devices: LoadedDevices
    rate: RowRate
    shows: Shows
    clock: Callable[[], float] = time.monotonic


def folder_of(source: Source, settings: Settings) -> Path:
    """Return the folder for what is kept beside a file."""
    return settings.out or (Path.cwd() if source.path is None else source.path.parent)


def progress_path(source: Source, settings: Settings) -> Path:
    """Return the path of a file's progress."""
    return folder_of(source, settings) / f"{_file_name(source)}.progress.json"


def _file_name(source: Source) -> str:
    return "stdin" if source.path is None else source.path.name


class FileLoading:
    """Loads one file."""

    def __init__(self, job: LoadJob, source: Source) -> None:
        self._job = job
        self._source = source
        self._folder = folder_of(source, job.settings)
        self._progress_path = progress_path(source, job.settings)
        self._identity = source.identity()
        self.rows_done = 0
        self._last = ""
        self._result = FileLoad(source.name)
        self._bad = BesideFile(Path())
        self._replaced = BesideFile(free_path(self._folder, _file_name(source), ".jsonl", "replaced"))
        self._saved_at = job.clock()
        self._shown = 0

    async def run(self, stdin: IO[bytes]) -> FileLoad:
        """Load the file. Raises: L3Error; what is done is recorded then."""
        job, source = self._job, self._source
        previous = None if job.settings.restart or source.path is None else await self._previous()
        with opened(source, stdin, job.settings, previous.rows if previous else 0) as rows:
            self._begin(rows, previous)
            try:
                self._save()
                writing = RowWriting(job.hot, self._keep_old if job.settings.replace else None)
                await pump(self._batches(rows), writing.write, self._settled, job.rate)
            except BaseException:
                with contextlib.suppress(L3Error):  # the error under way tells more
                    self._save()
                raise
            finally:
                self._bad.close()
                self._replaced.close()
        self._progress_path.unlink(missing_ok=True)
        job.shows(source.size - self._shown, "")
        if not self.rows_done:
            self._result.notes += ("has no rows",)
        return self._result

    def _batches(self, rows: OpenedRows) -> Iterator[Batch]:
        """Yield the rows in batches; refuses standard input whose first rows are all bad."""
        rate = self._job.settings.rate
        size = min(BATCH_ROWS, max(1, int(rate))) if rate else BATCH_ROWS
        mapping = mapping_of(rows, self._job.twin, self._job.settings)
        for batch in batches(
            rows.rows, mapping, self._job.devices, size=size, done=self.rows_done, position=rows.position
        ):
            if self._source.path is None and not self.rows_done and not self._result.rows:
                refuse_if_all_bad(self._source.name, batch)
            yield batch

    async def _previous(self) -> Progress | None:
        """Return the progress of an interrupted load of the same file with the same options, if it still holds."""
        found = read_progress(self._progress_path)
        if found is None:
            return None
        if found.file != self._identity:
            self._result.notes += ("the file has changed since its load was interrupted: begun anew",)
        elif found.load != self._job.digest:
            self._result.notes += ("an interrupted load had other options, or another target: begun anew",)
        elif found.bad_bytes and not _holds(Path(found.bad_path), found.bad_bytes):
            self._result.notes += ("the bad-rows file of an interrupted load is gone or shorter: begun anew",)
        elif found.last and not await self._is_there(found.last):
            self._result.notes += ("the hot tier does not hold what an interrupted load wrote: begun anew",)
        else:
            return found
        return None

    async def _is_there(self, item: str) -> bool:
        """Whether the hot tier holds an item; writes it if its key is free, as the load would."""
        (outcome,) = await self._job.hot.create_items([item.encode()])
        return isinstance(outcome, Held) and equal_content(outcome.item, item.encode())

    def _begin(self, rows: OpenedRows, previous: Progress | None) -> None:
        result = self._result
        result.notes += rows.notes
        path = free_path(self._folder, _file_name(self._source), rows.bad_suffix, "bad")
        encoding = kept_encoding(self._job.settings.cells.encoding) if rows.bad_head else "utf-8"
        self._bad = BesideFile(path, rows.bad_head, encoding)
        self._bad_line = rows.bad_line
        if previous is None:
            return
        self.rows_done = result.resumed = previous.rows
        self._last = previous.last
        for name in COUNTS:
            setattr(result, name, previous.counts[name])
        result.problems, result.first = Counter(previous.problems), list(previous.first)
        self._bad = BesideFile(Path(previous.bad_path), rows.bad_head, encoding, previous.bad_bytes)
        self._bad.cut()
        result.bad_path = previous.bad_path if previous.bad_bytes else ""

    def _keep_old(self, item: bytes) -> None:
        self._replaced.append([item.decode() + "\n"])
        self._result.replaced_path = str(self._replaced.path)

    def _settled(self, batch: Batch, fates: Sequence[Fate]) -> None:
        result = self._result
        bad = sorted([*batch.bad, *(fate for fate in fates if isinstance(fate, BadRow))], key=lambda row: row.number)
        if bad:  # kept before they are counted, since that may fail
            self._bad.append(map(self._bad_line, bad))
            result.bad_path = str(self._bad.path)
        for row in bad:
            result.add_bad(row)
        for one, fate in zip(batch.items, fates, strict=True):
            if not isinstance(fate, BadRow):
                setattr(result, fate, getattr(result, fate) + 1)
                self._last = one.item.json.decode()
        self.rows_done = batch.rows
        self._job.shows(batch.position - self._shown, f"{self.rows_done:,} rows, {result.bad:,} bad")
        self._shown = batch.position
        if self._job.clock() - self._saved_at >= SAVED_SECONDS:
            self._save()

    def _save(self) -> None:
        """Record what is done."""
        self._bad.sync()
        self._replaced.sync()
        self._saved_at = self._job.clock()
        if self._source.path is None:
            return
        result = self._result
        counts = {name: getattr(result, name) for name in COUNTS}
        write_progress(
            self._progress_path,
            Progress(
                file=self._identity,
                load=self._job.digest,
                rows=self.rows_done,
                last=self._last,
                bad_path=str(self._bad.path),
                bad_bytes=self._bad.size,
                counts=counts,
                problems=dict(result.problems),
                first=list(result.first),
            ),
        )


def _holds(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size >= size
