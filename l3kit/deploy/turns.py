"""One apply of a twin at a time on one machine: others wait for their turn.

Each resource would survive two at once, but a deployment and a removal together leave half of a twin. The lock is the
operating system's, so a dead process holds none. Deployments from several machines are not serialized.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from l3kit.errors import ProvisioningError
from l3kit.files import os_errors_reported

PATIENCE = 900.0
"""Seconds that an apply waits for another one; a whole deployment takes some minutes."""
POLL_SECONDS = 0.2


@contextmanager
def turn(
    log_file: Path, title: str, *, waiting: Callable[[], None] = lambda: None, seconds: float = PATIENCE
) -> Iterator[bool]:
    """Hold the turn of the twin with this step log. Yields: whether another apply had to be waited for.

    Args:
        title: the waiting operation, for the error.
        waiting: called once if the turn is not free.
    Raises: ProvisioningError if it does not become free; ConfigurationError if the lock's file cannot be written.
    """
    with os_errors_reported(f"deploy log {log_file}"):
        log_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(log_file.with_suffix(".lock"), mode=0o600)
        waited = not _taken(lock, 0)
        if waited:
            waiting()
        taken = not waited or _taken(lock, seconds)
    if not taken:
        raise ProvisioningError(
            title,
            f"another program has been changing this twin for over {seconds / 60:g} minutes; nothing was done",
            "Wait for it to end, or end it, then apply again",
        )
    try:
        yield waited
    finally:
        lock.release()


def is_taken(log_file: Path) -> bool:
    """Return whether an apply is under way."""
    path = log_file.with_suffix(".lock")
    if not path.exists():
        return False
    lock = FileLock(path, mode=0o600)
    try:
        return not _taken(lock, 0)
    finally:
        lock.release()


def _taken(lock: FileLock, seconds: float) -> bool:
    try:
        lock.acquire(timeout=seconds, poll_interval=POLL_SECONDS)
    except Timeout:
        return False
    return True
