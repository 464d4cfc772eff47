"""Records of the load of one file or table: counts, bad rows, replaced items, and progress."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from l3kit.errors import L3Error
from l3kit.operate.load.devices import LoadedDevices
from l3kit.operate.load.kept_files import KeptFile, free_path
from l3kit.operate.load.progress_file import Progress, read_progress, write_progress
from l3kit.operate.load.pump import Batch, RowRate
from l3kit.operate.load.report import COUNTS, FileLoad
from l3kit.operate.load.rows import BadRow
from l3kit.operate.load.settings import Settings
from l3kit.operate.load.writing import Fate
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.equal_items import equal_content
from l3kit.tiering.ports import Held, HotStore
from l3kit.twin.config import Twin

SAVED_SECONDS = 1.0
"""Seconds between records of the progress."""

Shows = Callable[[int, str], None]
"""Shows progress: bytes of the files, or items of the table, read since the last call, and the rows so far in words."""


class LoadStoppedError(L3Error):
    """A load stopped within a file or table; the same command continues it."""

    @classmethod
    def after(cls, error: L3Error, done: str) -> LoadStoppedError:
        """Return an error with sentences on the progress."""
        return cls(error.resource, error.cause, ". ".join(filter(None, (error.remedy, done))))


@contextlib.contextmanager
def noting_early_end(done: Callable[[], str]) -> Iterator[None]:
    """Add the progress to the error or interruption that ends a load. Raises: LoadStoppedError for an `L3Error`.

    Args:
        done: returns the progress in sentences; empty if there is none, which leaves the error unchanged.
    """
    try:
        yield
    except BaseException as error:
        if not (text := done()):
            raise
        if isinstance(error, L3Error):
            raise LoadStoppedError.after(error, text) from error
        error.add_note(text)
        raise


@dataclass(frozen=True, slots=True)
class LoadJob:
    """Settings and connections that the inputs of a load share.

    Attributes:
        digest: digest of twin, target and options, which must be the same to continue.
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


@dataclass(frozen=True, slots=True)
class Input:
    """The file or table to load.

    Attributes:
        name: its name in the report.
        folder, file_name: folder and name prefix of the kept files.
        identity: distinguishes it from another of that name; empty: it leaves no progress.
        changed: why progress of another input is not continued.
        unit: the word for one of its rows.
    """

    name: str
    folder: Path
    file_name: str
    identity: Mapping[str, int | str]
    changed: str
    unit: str = "row"

    @property
    def progress_path(self) -> Path:
        return self.folder / f"{self.file_name}.progress.json"


@dataclass(frozen=True, slots=True)
class BadForm:
    """Format of a bad-rows file.

    Attributes:
        head: its first line, if it has one.
        line: formats a row as a line.
    """

    suffix: str
    head: str
    encoding: str
    line: Callable[[BadRow], str]


class Kept:
    """Records of one load, in memory and in files next to the input.

    Attributes:
        given: the input.
        rows_done: number of rows from the beginning that are in the hot tier or the bad-rows file.
        places: for a table, how far each part is done.
    """

    def __init__(self, job: LoadJob, given: Input, result: FileLoad) -> None:
        self._job = job
        self.given = given
        self.result = result
        self.rows_done = 0
        self.places: dict[str, str] = {}
        self._last = ""
        self._bad = KeptFile(Path())
        self._bad_line: Callable[[BadRow], str] = str
        self._replaced = KeptFile(free_path(given.folder, given.file_name, ".jsonl", "replaced"))
        self._saved_at = job.clock()
        self._shown = 0

    async def previous(self) -> Progress | None:
        """Return the progress of an interrupted load of the same input with the same options, if still valid."""
        if self._job.settings.restart or not self.given.identity:
            return None
        found = read_progress(self.given.progress_path)
        if found is None:
            return None
        if found.file != self.given.identity:
            self.result.notes += (f"{self.given.changed} since its load was interrupted: restarted",)
        elif found.load != self._job.digest:
            self.result.notes += ("an interrupted load had other options, or another target: restarted",)
        elif found.bad_bytes and not _holds(Path(found.bad_path), found.bad_bytes):
            self.result.notes += ("the bad-rows file of an interrupted load is gone or shorter: restarted",)
        elif found.last and not await self._is_there(found.last):
            self.result.notes += ("the hot tier does not hold what an interrupted load wrote: restarted",)
        else:
            return found
        return None

    async def _is_there(self, item: str) -> bool:
        """Return whether the hot tier holds an item; if its key is free, write it, as the load would."""
        (outcome,) = await self._job.hot.create_items([item.encode()])
        return isinstance(outcome, Held) and equal_content(outcome.item, item.encode())

    def begin(self, form: BadForm, previous: Progress | None) -> None:
        """Begin, or continue an interrupted load. Raises: ConfigurationError."""
        result = self.result
        path = free_path(self.given.folder, self.given.file_name, form.suffix, "bad")
        self._bad = KeptFile(path, form.head, form.encoding)
        self._bad_line = form.line
        if previous is not None:
            self.rows_done = result.resumed = previous.rows
            self.places = dict(previous.places)
            self._last = previous.last
            for name in COUNTS:
                setattr(result, name, previous.counts[name])
            result.problems, result.first = Counter(previous.problems), list(previous.first)
            self._bad = KeptFile(Path(previous.bad_path), form.head, form.encoding, previous.bad_bytes)
            self._bad.cut()
            result.bad_path = previous.bad_path if previous.bad_bytes else ""
        self.save()

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Close the files at the end; save the progress if it ends early."""
        try:
            yield
        except BaseException:
            with contextlib.suppress(L3Error):  # the error under way says more
                self.save()
            raise
        finally:
            self.close()

    def keep_old(self, item: bytes) -> None:
        """Keep an item before it is replaced. Raises: ConfigurationError."""
        self._replaced.append([item.decode() + "\n"])
        self.result.replaced_path = str(self._replaced.path)

    def settled(self, batch: Batch, fates: Sequence[Fate]) -> None:
        """Record the outcome of a batch, after those of all earlier ones. Raises: ConfigurationError."""
        result = self.result
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
        if batch.part:
            self.places[batch.part] = batch.place
        self._job.shows(batch.position - self._shown, f"{self.rows_done:,} rows, {result.bad:,} bad")
        self._shown = batch.position
        if self._job.clock() - self._saved_at >= SAVED_SECONDS:
            self.save()

    def done(self) -> str:
        """Return sentences on what was done before an early end; empty if nothing was."""
        if not self.rows_done:
            return ""
        result, given = self.result, self.given
        count = count_of(self.rows_done, given.unit)
        if result.expected is not None:
            count = f"{self.rows_done:,} of about {result.expected:,} {given.unit}s"
        bad = f"; {result.bad:,} of them bad, in {result.bad_path}" if result.bad else ""
        again = "the same command continues there"
        if not given.identity:
            again = f"load all of it again, which finds these {given.unit}s as the same"
        return f"{count} of {given.name} {'is' if self.rows_done == 1 else 'are'} done; {again}{bad}"

    def save(self) -> None:
        """Record the progress. Raises: ConfigurationError."""
        self._bad.sync()
        self._replaced.sync()
        self._saved_at = self._job.clock()
        if not self.given.identity:
            return
        result = self.result
        counts = {name: getattr(result, name) for name in COUNTS}
        write_progress(
            self.given.progress_path,
            Progress(
                file=dict(self.given.identity),
                load=self._job.digest,
                rows=self.rows_done,
                last=self._last,
                bad_path=str(self._bad.path),
                bad_bytes=self._bad.size,
                counts=counts,
                problems=dict(result.problems),
                first=list(result.first),
                places=self.places,
            ),
        )

    def close(self) -> None:
        """Close the files."""
        self._bad.close()
        self._replaced.close()

    def end(self, total: int) -> None:
        """Remove the progress of a finished load. `total`: bytes or items that a bar shows at its end."""
        self.given.progress_path.unlink(missing_ok=True)
        self._job.shows(max(0, total - self._shown), "")
        if not self.rows_done:
            self.result.notes += ("has no rows",)


def _holds(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size >= size
