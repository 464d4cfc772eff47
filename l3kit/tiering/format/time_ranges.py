"""Conversion of time ranges to text ranges of sort keys, for movers and queries. No I/O.

Stores sort `id` as text. For extended ISO 8601 in UTC that is time order, except within one minute: `10:00Z`,
`10:00:00Z`, `10:00:00.250Z` and `10:00:00+00:00` sort by the characters in which they differ. So text bounds are
widened to whole minutes, and the items read are then compared by time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from l3kit.errors import ConfigurationError, NotATimeError
from l3kit.tiering.format.item_times import (
    DAY,
    FIRST_MOMENT,
    LAST_MOMENT,
    MAX_OFFSET,
    MINUTE,
    SECOND,
    canonical,
    day_of,
    moment_of,
    moment_or_none,
    movable_moment,
    read_moment,
    start_of,
)

MAX_SORT_KEY = "\U0010ffff" * 256
"""The greatest text of 1,024 UTF-8 bytes, DynamoDB's longest sort key: no sort key is greater."""
_LATE = "~"
"""Sorts after every character with which a time text may continue."""
_LAST_EPOCH = 10**10 - 1
"""The last epoch second with 10 digits."""
# One match for a whole page of keys. The 29th of February is left to the slow path.
_MOVABLE_PAGE = re.compile(
    r"(?:(?!0000)[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|\+00:00)\n)*+"
)


class TextRange(NamedTuple):
    """Sort keys from `since` (inclusive) to `before` (exclusive), in code point order."""

    since: str
    before: str


def due(sort_keys: Sequence[str], cutoff: int) -> list[int] | None:
    """Indexes of the movable sort keys of a page that are older than the cutoff; None means all."""
    if all_movable(sort_keys, cutoff):
        return None
    moments = [movable_moment(key) for key in sort_keys]
    chosen = [index for index, moment in enumerate(moments) if moment is not None and moment < cutoff]
    return None if len(chosen) == len(sort_keys) else chosen


def all_movable(sort_keys: Sequence[str], before: int) -> bool:
    """Return whether all sort keys of a page, in ascending order, are movable and older than this moment's minute.

    Costs one regex match per page instead of one per key; if False, each key must be checked.
    """
    if not sort_keys:
        return True
    text = "\n".join(sort_keys) + "\n"
    all_before = sort_keys[-1] < _minute(before)
    return all_before and text.count("\n") == len(sort_keys) and _MOVABLE_PAGE.fullmatch(text) is not None


def read_bound(value: str | date, *, is_end: bool) -> int:
    """Parse a query bound: a datetime with a zone, any form of `read_moment`, or a date alone, meaning a day in UTC.

    Args:
        is_end: a date alone means the end of that day instead of its beginning.
    Raises: ConfigurationError naming the bound, the reason and what to write.
    """
    try:
        if isinstance(value, datetime):
            return moment_of(value)
        day = value if isinstance(value, date) else day_of(value)
        if day is not None:
            return start_of(day) + (DAY - 1 if is_end else 0)
        return read_moment(str(value))
    except NotATimeError as error:
        name = "end" if is_end else "start"
        remedy = "Write it like 2026-05-31T08:30:00Z, 2026-05-31T10:30:00+02:00 or 2026-05-31"
        raise ConfigurationError(f"{name} {str(value)[:60]!r}", error.cause, remedy) from None


def movable_range(start: int | None, end: int | None) -> TextRange:
    """The text range that contains all movable keys with `start <= moment <= end`, among others. None is open."""
    return TextRange("0001" if start is None else _minute(start), ("9999" if end is None else _minute(end)) + _LATE)


def text_ranges(start: int | None, end: int | None) -> list[TextRange]:
    """The fewest text ranges that contain every accepted form of a moment with `start <= moment <= end`.

    An offset shifts a text by up to 14 hours; basic ISO 8601 and epoch digits sort elsewhere. The ranges contain other
    keys as well. With both bounds open they contain everything, including keys that are not times.
    """
    if start is None and end is None:
        return [TextRange("", MAX_SORT_KEY)]
    first_day = "0001" if start is None else _minute(start - MAX_OFFSET)[:10]
    last_day = "9999" if end is None else _minute(end + MAX_OFFSET)[:10]
    wide = TextRange(first_day, last_day + _LATE)  # a blank sorts before all hours that follow a T
    basic = TextRange(
        "00010101" if start is None else _minute(start)[:10].replace("-", ""),
        ("99991231" if end is None else _minute(end)[:10].replace("-", "")) + _LATE,
    )
    first = 0 if start is None else start // SECOND
    last = _LAST_EPOCH if end is None else end // SECOND
    epoch = []
    if first <= _LAST_EPOCH and last >= 0:
        epoch = [TextRange(f"{max(first, 0):010d}", f"{min(last, _LAST_EPOCH):010d}{_LATE}")]
    return list(_joined(sorted([wide, basic, *epoch], key=lambda one: one.since)))


def within(sort_key: str, start: int | None, end: int | None) -> bool:
    """Return whether an item is in a query's range. A key that is not a time is only in the unbounded range."""
    if start is None and end is None:
        return True
    moment = moment_or_none(sort_key)
    return moment is not None and (start is None or start <= moment) and (end is None or moment <= end)


def may_overlap(first: str, last: str, start: int | None, end: int | None) -> bool:
    """Return whether a chunk with this first and last sort key may hold an item of the range.

    A chunk whose keys do not sort by time may hold anything.
    """
    lowest, highest = movable_moment(first), movable_moment(last)
    if lowest is None or highest is None:
        return True
    after_end = end is not None and lowest // MINUTE * MINUTE > end
    before_start = start is not None and (highest // MINUTE + 1) * MINUTE <= start
    return not (after_end or before_start)


def order_of(sort_key: str) -> tuple[int, str]:
    """Sort key by moment, then by text; keys that are not times come last."""
    moment = moment_or_none(sort_key)
    return LAST_MOMENT + 1 if moment is None else moment, sort_key


def _joined(ranges: Iterable[TextRange]) -> Iterator[TextRange]:
    """Merge overlapping ranges, given in the order of `since`."""
    widest: TextRange | None = None
    for one in ranges:
        if widest is not None and one.since > widest.before:
            yield widest
            widest = None
        widest = one if widest is None else TextRange(widest.since, max(widest.before, one.before))
    if widest is not None:
        yield widest


def _minute(moment: int) -> str:
    """The common prefix of all movable forms of a moment, such as `2026-05-31T08:30`."""
    return canonical(min(max(moment, FIRST_MOMENT), LAST_MOMENT) // MINUTE * MINUTE, 0)[:16]
