"""Where moments stand in the order of texts, and which keys belong to a range: for movers and for queries. Pure.

Stores sort `id` as text. In extended ISO 8601 in UTC that is the order of time but within one minute: `10:00Z`,
`10:00:00Z`, `10:00:00.250Z` and `10:00:00+00:00` sort by the characters in which they differ. So bounds in text are
widened to whole minutes, and what was read is compared by its moments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

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

BEHIND_ALL = "\U0010ffff" * 256
"""The greatest text of 1,024 UTF-8 bytes, DynamoDB's longest sort key: behind every key that there can be."""
_LATE = "~"
"""Sorts behind every character that a spelling of a time goes on with."""
_LAST_EPOCH = 10**10 - 1
"""The last second that has 10 digits."""
# One pass over a whole page of like keys. The 29th of February is left to the slow way.
_MOVABLE_PAGE = re.compile(
    r"(?:(?!0000)[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|\+00:00)\n)*+"
)


@dataclass(frozen=True, slots=True)
class TextRange:
    """Sort keys from `since` (inclusive) to `before` (exclusive), in the order of their code points."""

    since: str
    before: str


def due(sort_keys: Sequence[str], cutoff: int) -> list[int] | None:
    """Indexes of those of a page's ascending sort keys that are movable and older than the cutoff; None is all."""
    if all_movable(sort_keys, cutoff):
        return None
    moments = [movable_moment(key) for key in sort_keys]
    chosen = [index for index, moment in enumerate(moments) if moment is not None and moment < cutoff]
    return None if len(chosen) == len(sort_keys) else chosen


def all_movable(sort_keys: Sequence[str], before: int) -> bool:
    """Whether all of a page's ascending sort keys are movable and older than this moment's minute.

    A page of like keys costs one match instead of one for each key; where this is False, each must be looked at.
    """
    if not sort_keys:
        return True
    text = "\n".join(sort_keys) + "\n"
    all_before = sort_keys[-1] < _minute(before)
    return all_before and text.count("\n") == len(sort_keys) and _MOVABLE_PAGE.fullmatch(text) is not None


def read_bound(value: str | date, *, is_end: bool) -> int:
    """A bound of a query: a datetime with a zone, any form of `read_moment`, or a date alone, which is a day of UTC.

    Args:
        is_end: a date alone stands for the end of that day instead of its beginning.
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
    """Where the movable keys with `start <= moment <= end` stand; others stand there too. None is open."""
    return TextRange("0001" if start is None else _minute(start), ("9999" if end is None else _minute(end)) + _LATE)


def text_ranges(start: int | None, end: int | None) -> list[TextRange]:
    """Where every accepted spelling of a moment with `start <= moment <= end` stands, in as few ranges as will do.

    An offset moves a spelling by up to 14 hours; basic ISO 8601 and epoch digits stand elsewhere. Other keys stand
    there too. With both bounds open it is everything, keys that are no time included.
    """
    if start is None and end is None:
        return [TextRange("", BEHIND_ALL)]
    first_day = "0001" if start is None else _minute(start - MAX_OFFSET)[:10]
    last_day = "9999" if end is None else _minute(end + MAX_OFFSET)[:10]
    wide = TextRange(first_day, last_day + _LATE)  # a blank sorts before all hours that are written behind a T
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
    """Whether an item belongs to a query's range. A key that is no time is in the range without bounds alone."""
    if start is None and end is None:
        return True
    moment = moment_or_none(sort_key)
    return moment is not None and (start is None or start <= moment) and (end is None or moment <= end)


def may_overlap(first: str, last: str, start: int | None, end: int | None) -> bool:
    """Whether a chunk whose first and last sort key these are may hold an item of the range.

    A chunk whose keys are spelled in a way that does not sort by time may hold anything.
    """
    lowest, highest = movable_moment(first), movable_moment(last)
    if lowest is None or highest is None:
        return True
    after_end = end is not None and lowest // MINUTE * MINUTE > end
    before_start = start is not None and (highest // MINUTE + 1) * MINUTE <= start
    return not (after_end or before_start)


def order_of(sort_key: str) -> tuple[int, str]:
    """Sorts by moment, then by text; what is no time comes last."""
    moment = moment_or_none(sort_key)
    return LAST_MOMENT + 1 if moment is None else moment, sort_key


def _joined(ranges: Iterable[TextRange]) -> Iterator[TextRange]:
    """Overlapping ones made one; they come in the order of `since`."""
    widest: TextRange | None = None
    for one in ranges:
        if widest is not None and one.since > widest.before:
            yield widest
            widest = None
        widest = one if widest is None else TextRange(widest.since, max(widest.before, one.before))
    if widest is not None:
        yield widest


def _minute(moment: int) -> str:
    """`2026-05-31T08:30`: what all movable spellings of a moment begin with."""
    return canonical(min(max(moment, FIRST_MOMENT), LAST_MOMENT) // MINUTE * MINUTE, 0)[:16]
