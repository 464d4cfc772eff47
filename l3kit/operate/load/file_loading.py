"""The load of one file, from the end of an interrupted load, with bad rows and progress next to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from l3kit.operate.load.kept import BadForm, Input, Kept, LoadJob
from l3kit.operate.load.kept_files import kept_encoding
from l3kit.operate.load.pump import Batch, pump
from l3kit.operate.load.reading import BATCH_ROWS, batches, mapping_of, refuse_if_all_bad
from l3kit.operate.load.report import FileLoad
from l3kit.operate.load.settings import Settings
from l3kit.operate.load.sources import OpenedRows, Source, opened
from l3kit.operate.load.writing import RowWriting


def input_of(source: Source, settings: Settings) -> Input:
    """Return a file as the input of a load; standard input leaves no progress."""
    folder = settings.out or (Path.cwd() if source.path is None else source.path.parent)
    file_name = "stdin" if source.path is None else source.path.name
    return Input(source.name, folder, file_name, source.identity(), "the file has changed")


class FileLoading:
    """Loads one file."""

    def __init__(self, job: LoadJob, source: Source) -> None:
        self._job = job
        self._source = source
        self._kept = Kept(job, input_of(source, job.settings), FileLoad(source.name))

    def done(self) -> str:
        """Return sentences on what was done before an early end; empty if nothing was."""
        return self._kept.done()

    async def run(self, stdin: IO[bytes]) -> FileLoad:
        """Load the file. Raises: L3Error, after the progress is recorded."""
        job, kept = self._job, self._kept
        previous = await kept.previous()
        with opened(self._source, stdin, job.settings, previous.rows if previous else 0) as rows:
            kept.result.notes += rows.notes
            with kept.recording():
                kept.begin(self._bad_form(rows), previous)
                writing = RowWriting(job.hot, kept.keep_old if job.settings.replace else None)
                await pump(self._batches(rows), writing.write, kept.settled, job.rate)
        kept.end(self._source.size)
        return kept.result

    def _bad_form(self, rows: OpenedRows) -> BadForm:
        encoding = kept_encoding(self._job.settings.cells.encoding) if rows.bad_head else "utf-8"
        return BadForm(rows.bad_suffix, rows.bad_head, encoding, rows.bad_line)

    def _batches(self, rows: OpenedRows) -> Iterator[Batch]:
        """Yield the rows in batches; refuses standard input whose first rows are all bad."""
        rate = self._job.settings.rate
        size = min(BATCH_ROWS, max(1, int(rate))) if rate else BATCH_ROWS
        mapping = mapping_of(rows, self._job.twin, self._job.settings)
        for batch in batches(
            rows.rows, mapping, self._job.devices, size=size, done=self._kept.rows_done, position=rows.position
        ):
            if self._source.path is None and not self._kept.rows_done and not self._kept.result.rows:
                refuse_if_all_bad(self._source.name, batch)
            yield batch
