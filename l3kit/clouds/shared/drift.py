"""Drift of a JSON resource: the paths that were sent, where the cloud's answer says something else.

Only what is wanted is compared: defaults and further fields of the answer are no drift, nor is another spelling of the
same value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from l3kit.clouds.ports.changes import Difference, differs, hidden_change, shown

Same = Callable[[Any, Any], bool]
"""Returns whether a wanted value and the answer's mean the same."""
_SECONDS = re.compile(r"(\d+)(?:\.0*)?s")


def drift(
    wanted: Mapping[str, Any],
    there: Mapping[str, Any],
    *,
    secret: Collection[str] = (),
    same: Mapping[str, Same] | None = None,
    words: Mapping[str, str] | None = None,
) -> list[Difference]:
    """Return a difference for each path of `wanted` whose value in `there` is another.

    Args:
        secret: paths whose values, and those below them, are never shown.
        same: comparison of single paths.
        words: names of paths for people; a path without one is shown as it is.
    """
    found = []
    for path, value in leaves(wanted):
        old = at(there, path)
        if (same or {}).get(path, alike)(value, old):
            continue
        name = (words or {}).get(path, path)
        if any(path == one or path.startswith(f"{one}.") for one in secret):
            hidden = hidden_change(name, was=not _is_empty(old), will_be=not _is_empty(value))
            found.append(Difference(f"{name} differs", (hidden,)))
        else:
            found.append(
                differs(f"{name} is {shown(old) or 'not set'}, not {shown(value) or 'empty'}", name, old, value)
            )
    return found


def leaves(wanted: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each path and its value; lists and empty objects are values."""
    for name, value in wanted.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{path}.")
        else:
            yield path, value


def at(there: Mapping[str, Any], path: str) -> Any:
    """Return the value at a path of names joined by full stops; None if there is none."""
    value: Any = there
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def alike(wanted: Any, there: Any) -> bool:
    """Return whether two JSON values mean the same.

    A missing value is an empty one, a number its text, a duration the same with other fraction digits.
    """
    if _is_empty(wanted) and _is_empty(there):
        return True
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        return all(alike(wanted.get(name), there.get(name)) for name in {*wanted, *there})
    if isinstance(wanted, list | tuple) and isinstance(there, list | tuple):
        return len(wanted) == len(there) and all(map(alike, wanted, there))
    return bool(_plain(wanted) == _plain(there))


def alike_in_any_case(wanted: Any, there: Any) -> bool:
    """Return whether two texts are the same but for case and blanks: `us-central1`, `US-CENTRAL1`."""
    return "".join(str(wanted).split()).casefold() == "".join(str(there).split()).casefold()


def _is_empty(value: Any) -> bool:
    return (
        value is None or value is False or value in ("", 0, "0", "0s") or (isinstance(value, list | dict) and not value)
    )


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    text = str(value)
    seconds = _SECONDS.fullmatch(text)
    return f"{seconds[1]}s" if seconds else text
