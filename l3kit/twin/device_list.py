"""Addition of devices to a twin's `config_iot_devices.json`, without changing anything else in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from l3kit.errors import ConfigurationError
from l3kit.files import LOCK_SECONDS, os_errors_reported, replace_file


def add_devices(path: Path, ids: Sequence[str], *, lock_seconds: float = LOCK_SECONDS) -> list[str]:
    """Add devices at the end of the list, each with its id alone; atomic.

    Args:
        path: the file; a link is followed.
    Returns: the ids that were new.
    Raises: ConfigurationError if it is no device list, or cannot be written; it is left unchanged.
    """
    path = path.resolve()
    with os_errors_reported(str(path)):
        guard = FileLock(f"{path}.lock", timeout=lock_seconds)
        try:
            guard.acquire()
        except Timeout:
            cause = f"has been locked by another program for over {lock_seconds:g} s"
            raise ConfigurationError(str(path), cause, "Wait for it to end, then repeat") from None
        try:
            return _add(path, ids)
        finally:
            guard.release()  # the lock's file stays: one who waits may have opened it already


def _add(path: Path, ids: Sequence[str]) -> list[str]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8")
        there = json.loads(text.removeprefix("\ufeff"))
        known = {device["id"] for device in there}
    except (ValueError, KeyError, TypeError, RecursionError):
        there, known = None, set()
    if not isinstance(there, list):
        raise ConfigurationError(str(path), "is not a list of devices", "Correct it; it is unchanged")
    new = [one for one in dict.fromkeys(ids) if one not in known]
    if new:
        changed = _with_entries(text, new, empty=not there)
        assert json.loads(changed.removeprefix("\ufeff")) == [*there, *({"id": one} for one in new)]
        replace_file(path, changed.encode())
    return new


def _with_entries(text: str, ids: Sequence[str], *, empty: bool) -> str:
    """Insert entries before the closing bracket, one per line, with the file's line ends."""
    end = text.rindex("]")
    before = text[:end].rstrip()
    newline = "\r\n" if "\r\n" in text else "\n"
    entries = f",{newline}".join(f'  {{"id": {json.dumps(one, ensure_ascii=False)}}}' for one in ids)
    return f"{before}{'' if empty else ','}{newline}{entries}{newline}{text[end:]}"
