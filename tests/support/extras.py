"""Which distributions an extra of l3kit brings, as the installed ones' own metadata say."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@cache
def brought_by(*extras: str) -> frozenset[str]:
    """Return the normalised names of what `l3kit[extras]` needs, directly or through others, on this platform.

    An empty name stands for l3kit without extras.
    """
    found: set[tuple[str, str]] = set()
    waiting = {("l3kit", extra) for extra in ("", *extras)}
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in found:
            continue
        found.add((name, extra))
        for wanted in _requires(name):
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                target = canonicalize_name(wanted.name)
                waiting |= {(target, each) for each in ("", *wanted.extras)}
    return frozenset(name for name, _ in found if name != "l3kit")


@cache
def _requires(name: str) -> list[Requirement]:
    try:
        return [Requirement(text) for text in requires(name) or []]
    except PackageNotFoundError:  # of an extra that is not installed here
        return []
