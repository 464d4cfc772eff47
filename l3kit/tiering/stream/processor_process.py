"""Processes for a twin's processors, as seen from the function: started on use, reused, replaced when they end.

A processor's output and log records go to the function's log, line by line.
"""

from __future__ import annotations

import contextlib
import contextvars
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from l3kit.errors import CallError
from l3kit.tiering.stream.processing import DEFAULT, FILE, FOLDER, MAX_RESULT_BYTES, files_in
from l3kit.tiering.stream.processor_child import FAILED, HEAD, LAST, READY, RESULTS, batch_of, results_in

PLACES = 4
"""Processes of one function instance, hence the number of its concurrent calls that use processors."""
MEMORY_SHARE = 0.5
"""Share of the machine's memory that one process may allocate at most."""
ENVIRONMENT = frozenset(
    {"PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONHOME"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"}
)
"""Variables visible to a processor, without the function's own, which include tokens and credentials."""
MAX_LINE = 4096
"""Maximum bytes of a line of output."""
MAX_ANSWER_BYTES = 2 * MAX_RESULT_BYTES
_MEMORY_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_FUNCTION = "default-processor"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failed:
    """A message without results; `cause` follows the name of its processor."""

    cause: str


@dataclass(slots=True)
class Answers:
    """Outcome of a batch, in its order.

    Attributes:
        given: results of the first items, or failures.
        ended: why the process stopped answering; empty if all are answered, or the next item is not the cause.
        hung: whether it ended at the time limit.
        seconds: its time.
    """

    given: list[list[bytes] | Failed] = field(default_factory=list)
    ended: str = ""
    hung: bool = False
    seconds: float = 0.0


class _EndedError(Exception):
    """The process has ended."""


class ProcessorProcess:
    """One process, which answers one batch at a time.

    Args:
        files: the files of the processors, by number.
        max_bytes: maximum allocation.
        seconds: time limit for its start.
    Raises: CallError if it cannot be started.
    """

    def __init__(self, files: Sequence[Path], max_bytes: int, seconds: float) -> None:
        module = "l3kit.tiering.stream.processor_child"
        command = [sys.executable, "-P", "-X", "faulthandler", "-m", module, str(max_bytes), *map(str, files)]
        self._context = contextvars.copy_context()
        self._read = bytearray()
        self._channel, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(
                    command, stdin=theirs.fileno(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=_environment()
                )
        except OSError as error:
            self._channel.close()
            raise _not_started(f"({error.strerror})") from None
        threading.Thread(target=self._log_output, name="l3kit-processor-output", daemon=True).start()
        try:
            self._answer(time.monotonic() + seconds, READY)
        except (TimeoutError, _EndedError) as error:
            why = f"within {seconds:.1f} s" if isinstance(error, TimeoutError) else f"({self._end()})"
            self.close()
            raise _not_started(why) from None

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def run(self, batch: Sequence[tuple[int, bytes]], seconds: float) -> Answers:
        """Process items, each with the number of its processor. Unless all are answered, the process has ended."""
        self._context = contextvars.copy_context()
        end = time.monotonic() + seconds
        answers = Answers(seconds=seconds)
        try:
            self._send(batch_of(batch), end)
            while len(answers.given) < len(batch):
                kind, content = self._answer(end, RESULTS, FAILED, LAST)
                answers.given.append(results_in(content) if kind == RESULTS else Failed(content.decode()))
                if kind == LAST:
                    break
        except TimeoutError:
            answers.hung, answers.ended = True, f"was not done within {seconds:.1f} s"
        except (_EndedError, ValueError):
            answers.ended = f"ended its process, {self._end()}"
        except BaseException:
            self.close()  # nobody will read the answers that are left
            raise
        if len(answers.given) < len(batch):
            self.close()
        return answers

    def close(self) -> None:
        """End the process."""
        self._channel.close()
        self._process.kill()
        self._process.wait()

    def _send(self, data: bytes, end: float) -> None:
        self._channel.settimeout(max(end - time.monotonic(), 0.001))
        try:
            self._channel.sendall(data)
        except ConnectionError:
            raise _EndedError from None

    def _answer(self, end: float, *kinds: int) -> tuple[int, bytes]:
        kind, size = HEAD.unpack(self._bytes(HEAD.size, end))
        if kind not in kinds or size > MAX_ANSWER_BYTES:
            raise _EndedError
        return kind, self._bytes(size, end)

    def _bytes(self, count: int, end: float) -> bytes:
        """Read bytes. Raises: TimeoutError; _EndedError, also if a fork of the process still holds the socket."""
        while len(self._read) < count:
            left = end - time.monotonic()
            self._channel.settimeout(max(min(left, 1.0), 0.001))
            try:
                block = self._channel.recv(65_536)
            except TimeoutError:
                if not self.is_alive:
                    raise _EndedError from None
                if left <= 1.0:
                    raise
                continue
            except ConnectionError:
                raise _EndedError from None
            if not block:
                raise _EndedError
            self._read += block
        taken = bytes(self._read[:count])
        del self._read[:count]
        return taken

    def _end(self) -> str:
        """Describe how the process ended."""
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "which answered wrongly"  # a processor has written into the socket, or closed it
        if code >= 0:
            return f"exit code {code}"
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            return f"signal {name}{', perhaps since the memory ran out' if name == 'SIGKILL' else ''}"
        return f"signal {-code}"

    def _log_output(self) -> None:
        output = self._process.stdout
        assert output is not None
        with output:
            while line := output.readline(MAX_LINE):
                self._context.run(log.info, "processor: %s", line.decode("utf-8", "backslashreplace").rstrip())


class ProcessorPool:
    """Runs the processors of one function; without processors it starts no process.

    Args:
        files: the files of the processors, by device or `default`.
        max_bytes: maximum allocation of one process.
    """

    def __init__(self, files: Mapping[str, Path], *, max_bytes: int | None = None) -> None:
        self._names = {name: number for number, name in enumerate(files)}
        self._files = tuple(files.values())
        self._max_bytes = max_bytes or memory_share()
        self._places: queue.LifoQueue[ProcessorProcess | None] = queue.LifoQueue()
        for _ in range(PLACES):
            self._places.put(None)

    @classmethod
    def packed_in(cls, root: Path) -> ProcessorPool:
        """Find the processors in a function's package."""
        return cls(files_in(root))

    def number_of(self, device_id: str) -> int | None:
        """The number of a device's processor; None if it has none."""
        return self._names.get(device_id, self._names.get(DEFAULT))

    def name_of(self, number: int) -> str:
        """The name of a processor's file."""
        return f"{FOLDER}/{self._files[number].parent.name}/{FILE}"

    def run(self, batch: Sequence[tuple[int, bytes]], seconds: float) -> Answers:
        """Process a batch, as `ProcessorProcess.run` does, in a free process. Blocking.

        Raises: CallError if none became free in time, or it could not be started; no message is at fault.
        """
        end = time.monotonic() + seconds
        try:
            process = self._places.get(timeout=max(seconds, 0.001))
        except queue.Empty:
            cause = f"other calls used the processors for all of the {seconds:.1f} s that were left"
            raise CallError(_FUNCTION, cause, "The messages come again; make the processors faster") from None
        try:
            if process is None or not process.is_alive:
                if process is not None:
                    process.close()
                    process = None
                process = ProcessorProcess(self._files, self._max_bytes, end - time.monotonic())
            return process.run(batch, end - time.monotonic())
        finally:
            self._places.put(process)

    def close(self) -> None:
        """End all processes."""
        for _ in range(PLACES):
            process = self._places.get()
            if process is not None:
                process.close()
            self._places.put(None)


def memory_share() -> int:
    """Maximum allocation of a process of processors on this machine."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in _MEMORY_FILES:
        with contextlib.suppress(OSError, ValueError):  # not there, or `max`
            sizes.append(int(Path(name).read_text()))
    return int(min(sizes) * MEMORY_SHARE)


def _environment() -> dict[str, str]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    kept = {name: value for name, value in os.environ.items() if name in ENVIRONMENT}
    return {**kept, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def _not_started(why: str) -> CallError:
    return CallError(_FUNCTION, f"the process for the twin's processors did not start {why}", "See the function's log")
