"""The process that runs a twin's processors for a function, so that they cannot end the function.

`processor_process` starts it with one end of a socket as its standard input. Over that, the function sends batches of
items, and each item is answered before the next one begins; so the first item without an answer is the one whose
processor hangs, or ended this process.
"""

from __future__ import annotations

import contextlib
import logging
import os
import resource
import select
import socket
import struct
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from l3kit.tiering.stream.processing import ProcessorFailedError, Processors

READY, RESULTS, FAILED, LAST = range(4)
"""Kinds of answers. LAST is FAILED, after which the process ends because its memory is exhausted."""
HEAD = struct.Struct(">BI")
"""Head of an answer: its kind, and the number of bytes that follow."""
_COUNT = struct.Struct(">I")
_ITEM = struct.Struct(">II")


def batch_of(items: Sequence[tuple[int, bytes]]) -> bytes:
    """Encode items, each with the number of its processor."""
    packed = [_ITEM.pack(number, len(item)) + item for number, item in items]
    return b"".join([_COUNT.pack(len(items)), *packed])


def results_in(answer: bytes) -> list[bytes]:
    """Parse the content of RESULTS. Raises: ValueError if it has another form."""
    results = []
    at = 0
    while at < len(answer):
        size = int.from_bytes(answer[at : at + _COUNT.size])
        at += _COUNT.size + size
        results.append(answer[at - size : at])
    if at != len(answer):
        raise ValueError("the last result is cut off")
    return results


def main(arguments: Sequence[str]) -> None:
    """Answer batches until the function closes its end. `arguments`: the memory limit, and the processors' files."""
    channel = socket.socket(fileno=os.dup(0))
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)  # a processor that reads its standard input gets none of our items
    threading.Thread(target=_end_with_function, args=(channel,), daemon=True).start()
    _limit_memory(int(arguments[0]))
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(name)s: %(message)s")
    processors = Processors([Path(path) for path in arguments[1:]])
    channel.sendall(HEAD.pack(READY, 0))
    for number, item in _items(channel.makefile("rb")):
        kind, answer = _answer(processors, number, item)
        channel.sendall(HEAD.pack(kind, len(answer)) + answer)
        if kind == LAST:
            os._exit(0)


def _items(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    while head := stream.read(_COUNT.size):
        (count,) = _COUNT.unpack(head)
        batch = []
        for _ in range(count):  # the whole batch first: the function does not read before it has sent all
            number, size = _ITEM.unpack(stream.read(_ITEM.size))
            batch.append((number, stream.read(size)))
        yield from batch


def _answer(processors: Processors, number: int, item: bytes) -> tuple[int, bytes]:
    try:
        results = processors.results(number, item)
        return RESULTS, b"".join([_COUNT.pack(len(result)) + result for result in results])
    except ProcessorFailedError as error:
        return FAILED, str(error).encode("utf-8", "backslashreplace")
    except MemoryError:
        return LAST, b"used up the memory that the function has for processors"


def _limit_memory(limit: int) -> None:
    """Make allocations over the limit fail; if memory runs out anyway, make this the process that is killed."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _end_with_function(channel: socket.socket) -> None:
    """End this process with the function, even while a processor hangs."""
    poll = select.poll()
    poll.register(channel, 0)  # only for the other end's closing, which is always reported
    poll.poll()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
