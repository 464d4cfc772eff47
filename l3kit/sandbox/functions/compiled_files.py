"""Compiled files for the modules of a zip that are installed here too, so that no function compiles them again."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path


def adopt_compiled(folder: Path, installed: Iterable[str] | None = None) -> int:
    """Copy the compiled files of the same sources that Python has on its path.

    Only a file of exactly the same bytes counts; it also gives its time, by which Python recognises what was compiled
    from it. What is not installed, or not compiled, the first function that imports it compiles.

    Args:
        folder: unpacked, with a package's folder at its top.
        installed: folders on Python's path; None is this process's.
    Returns: the number of files.
    """
    places = [Path(place) for place in (sys.path if installed is None else installed) if place]
    adopted = 0
    for source in folder.rglob("*.py"):
        for place in places:
            with contextlib.suppress(OSError):
                if _adopt(source, place / source.relative_to(folder)):
                    adopted += 1
                    break
    return adopted


def _adopt(source: Path, same: Path) -> bool:
    """Raises: OSError where there is no such file."""
    facts = same.stat()
    if facts.st_size != source.stat().st_size or same.read_bytes() != source.read_bytes():
        return False
    code = Path(cache_from_source(str(same), optimization="")).read_bytes()
    numbers = (0, int(facts.st_mtime) & 0xFFFFFFFF, facts.st_size & 0xFFFFFFFF)
    if not code.startswith(MAGIC_NUMBER + b"".join(number.to_bytes(4, "little") for number in numbers)):
        return False
    cached = source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"
    cached.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        cached.write_bytes(code)
        cached.chmod(0o600)
        os.utime(source, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    except OSError:  # no import falls back from half a compiled file to its source
        cached.unlink(missing_ok=True)
        raise
    return True
