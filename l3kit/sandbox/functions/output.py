"""Output of a function's process: a pipe whose lines go into the function's log, each with its time."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

from l3kit.sandbox.functions.log_file import stamp, stamped

READ_BYTES = 65_536
READS_AT_ONCE = 64
"""Maximum reads in a row, so that a function that prints endlessly leaves the gateway time for others."""


class Output:
    """The output of one process.

    Args:
        file: the log; while it cannot be written, lines are counted as lost and the process continues.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._pipe = -1
        self._partial = b""
        self._lost = 0

    def open(self) -> int:
        """Open the pipe and copy its lines to the log. Returns: its other end, which the caller closes."""
        with contextlib.suppress(OSError):
            self._file.touch()
        self._pipe, write_end = os.pipe()
        os.set_blocking(self._pipe, False)
        asyncio.get_running_loop().add_reader(self._pipe, self.drain)
        return write_end

    def drain(self) -> None:
        """Write the output so far, without an unfinished last line."""
        for _ in range(READS_AT_ONCE):
            if self._pipe < 0:
                return
            try:
                data = os.read(self._pipe, READ_BYTES)
            except BlockingIOError:
                return
            if not data:
                self._close_pipe()
                return
            *lines, self._partial = (self._partial + data).split(b"\n")
            self._write(lines)

    def close(self) -> None:
        """Write the rest; later output, by processes that outlive this one, is lost."""
        self.drain()
        self._close_pipe()

    def _close_pipe(self) -> None:
        if self._pipe >= 0:
            asyncio.get_running_loop().remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = -1
        if self._partial:
            partial, self._partial = self._partial, b""
            self._write([partial])

    def _write(self, lines: list[bytes]) -> None:
        if not lines:
            return
        notice = [f"{stamp()} [sandbox] {self._lost} lines could not be written here".encode()] if self._lost else []
        try:
            with self._file.open("ab") as file:
                file.write(b"".join(line + b"\n" for line in [*notice, *map(stamped, lines)]))
            self._lost = 0
        except OSError:
            self._lost += len(lines)
