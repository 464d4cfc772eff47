"""Item times: parsing of the accepted forms of `id`, the canonical form, and names for the others. No I/O.

docs/reference/items.md describes the forms. A moment is an integer of nanoseconds since 1970-01-01T00:00:00Z, since
epoch digits can be finer than the microseconds of datetime. `time_ranges` deals with the order of texts.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from l3kit.errors import NotATimeError
from l3kit.tiering.settings.twin_info import DEFAULT_DIGITS, MAX_DIGITS

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
MAX_OFFSET = 14 * 3600 * SECOND
"""Time zones range from -12:00 to +14:00 (Kiritimati)."""
MOVABLE_FORM = "ISO 8601 in UTC"
WRITE_IT = "Write it like 2026-05-31T08:30:00.000Z"
_EPOCH_DAY = date(1970, 1, 1).toordinal()
FIRST_MOMENT = (date.min.toordinal() - _EPOCH_DAY) * DAY
LAST_MOMENT = (date.max.toordinal() + 1 - _EPOCH_DAY) * DAY - 1

_EXTENDED = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"(?:[Zz]|([+-])([0-9]{2}):?([0-9]{2}))"
)
# The patterns of rarer forms are compiled on use, by `re` itself.
_BASIC = r"([0-9]{4})([0-9]{2})([0-9]{2})[Tt]([0-9]{2})([0-9]{2})([0-9]{2})(?:\.([0-9]{1,9}))?[Zz]"
_DATE = r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})"
_WITHOUT_ZONE = r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[Tt ][0-9]{2}:?[0-9]{2}(:?[0-9]{2}([.,][0-9]*)?)?"
_LONG_FRACTION = r"[^.]*[0-9][.][0-9]{10,}([Zz]|[+-][0-9:]+)?"
_MOVABLE = re.compile(r"[0-9-]{10}T[0-9:]{5,8}(?:\.[0-9]{1,9})?(?:Z|\+00:00)")
_UNITS = {
    10: ("seconds", SECOND),
    13: ("milliseconds", 1_000_000),
    16: ("microseconds", 1_000),
    19: ("nanoseconds", 1),
}
"""Unit of epoch digits by their number, which is unique until the year 2286."""


class _NoTimeError(Exception):
    """The reason why a text is not a time."""


def read_moment(text: str) -> int:
    """Parse a time in any accepted form.

    Extended ISO 8601 with `Z` or an offset, its seconds and fraction optional; basic ISO 8601 with `Z`; 10, 13, 16 or
    19 digits since 1970.
    Raises: NotATimeError with the reason and the remedy.
    """
    try:
        return _read(text)
    except _NoTimeError as reason:
        raise NotATimeError(f"time {text[:60]!r}", str(reason), WRITE_IT) from None


def moment_or_none(text: str) -> int | None:
    """Like `read_moment`, but None if the text is not a time."""
    try:
        return _read(text)
    except _NoTimeError:
        return None


def movable_moment(sort_key: str) -> int | None:
    """The moment of a movable sort key: extended ISO 8601 in UTC, written `Z` or `+00:00`; None for any other."""
    return moment_or_none(sort_key) if _MOVABLE.fullmatch(sort_key) else None


def canonical(moment: int, digits: int = DEFAULT_DIGITS) -> str:
    """Format a moment in the canonical form: ISO 8601 in UTC with `Z` and `digits` fraction digits (0: no point).

    Raises: NotATimeError if the moment has more digits than that, or is outside the years 1 to 9999.
    """
    if not FIRST_MOMENT <= moment <= LAST_MOMENT:
        raise NotATimeError(f"moment {moment}", "is outside the years 1 to 9999", "Check the device's clock")
    days, rest = divmod(moment, DAY)
    seconds, fraction = divmod(rest, SECOND)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    text = f"{date.fromordinal(days + _EPOCH_DAY).isoformat()}T{clock}"
    needed = len(f"{fraction:09d}".rstrip("0"))
    if needed > digits:
        raise NotATimeError(
            f"time {text}.{fraction:09d}Z",
            f"has {needed} fraction digits; the twin allows {digits}",
            f"Set time_digits to {needed} in config.json before the first item is written, or have the sender round it",
        )
    return f"{text}.{f'{fraction:09d}'[:digits]}Z" if digits else f"{text}Z"


def canonical_text(text: str, digits: int = DEFAULT_DIGITS) -> str:
    """Convert any accepted form to the canonical one. Raises: NotATimeError."""
    return canonical(read_moment(text), digits)


def moment_of(when: datetime) -> int:
    """Convert a datetime, or a pandas Timestamp with its nanoseconds. Raises: NotATimeError if it has no time zone."""
    if when.tzinfo is None:
        raise NotATimeError(f"time {when}", "has no time zone", "Give the datetime one, such as datetime.UTC")
    since = when.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    whole = (since.days * 86_400 + since.seconds) * SECOND + since.microseconds * 1000
    return whole + int(getattr(when, "nanosecond", 0))


def day_of(text: str) -> date | None:
    """Parse a date without a time, with or without hyphens; None for any other text.

    Raises: NotATimeError for a day that does not exist.
    """
    found = re.fullmatch(_DATE, text)
    try:
        return _date(*found.groups()) if found else None
    except _NoTimeError as reason:
        raise NotATimeError(f"date {text!r}", str(reason), WRITE_IT) from None


def start_of(day: date) -> int:
    """The day's first moment in UTC."""
    return (day.toordinal() - _EPOCH_DAY) * DAY


def form_of(sort_key: str) -> str:
    """Name the form of a sort key: `MOVABLE_FORM`, or one that is never moved."""
    if movable_moment(sort_key) is not None:
        return MOVABLE_FORM
    if _is_epoch(sort_key):
        return f"epoch {_UNITS[len(sort_key)][0]}"
    if moment_or_none(sort_key) is None:
        if re.fullmatch(_DATE, sort_key):
            return "a date alone"
        return "ISO 8601 without a zone" if re.fullmatch(_WITHOUT_ZONE, sort_key) else "no time"
    if re.fullmatch(_BASIC, sort_key):
        return "basic ISO 8601"
    odd_letters = "T" not in sort_key or "z" in sort_key
    return "ISO 8601 with a small letter or a blank" if odd_letters else "ISO 8601 with an offset"


def why_unmovable(sort_key: str) -> str:
    """Explain why an item with this sort key is never moved, and give the form that its key must have."""
    moment = moment_or_none(sort_key)
    example = "2026-05-31T08:30:00Z" if moment is None else shortest(moment)
    return f"its id is {form_of(sort_key)}, which is never moved; it must be written like {example}"


def shortest(moment: int) -> str:
    """Format in the canonical form with as few fraction digits as possible."""
    fraction = f"{moment % SECOND:09d}".rstrip("0")
    return canonical(moment, len(fraction))


def _read(text: str) -> int:
    if found := _EXTENDED.fullmatch(text):
        year, month, day, hour, minute, second, fraction, sign, off_hour, off_minute = found.groups()
        offset = _offset(sign, off_hour, off_minute) if sign else 0
        return _moment(_date(year, month, day), (hour, minute, second or "00"), fraction, offset)
    if found := re.fullmatch(_BASIC, text):
        year, month, day, hour, minute, second, fraction = found.groups()
        return _moment(_date(year, month, day), (hour, minute, second), fraction, 0)
    if _is_epoch(text):
        return int(text) * _UNITS[len(text)][1]
    raise _NoTimeError(_why_no_time(text))


def _is_epoch(text: str) -> bool:
    return len(text) in _UNITS and text.isascii() and text.isdigit()


def _offset(sign: str, hours: str, minutes: str) -> int:
    """Nanoseconds east of UTC."""
    size = int(hours) * 60 * MINUTE + int(minutes) * MINUTE
    if int(minutes) > 59 or size > MAX_OFFSET:
        raise _NoTimeError(f"has the invalid offset {sign}{hours}:{minutes}")
    return -size if sign == "-" else size


def _moment(day: date, clock: tuple[str, str, str], fraction: str | None, offset: int) -> int:
    hour, minute, second = map(int, clock)
    if second == 60:
        raise _NoTimeError("is a leap second, which is not supported: send the next second")
    if hour > 23 or minute > 59 or second > 59:
        raise _NoTimeError(f"has the invalid time of day {':'.join(clock)}")
    seconds = hour * 3600 + minute * 60 + second
    moment = start_of(day) + seconds * SECOND + int((fraction or "0").ljust(MAX_DIGITS, "0")) - offset
    if not FIRST_MOMENT <= moment <= LAST_MOMENT:
        raise _NoTimeError("is outside the years 1 to 9999 in UTC")
    return moment


def _date(year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise _NoTimeError(f"has the invalid date {year}-{month}-{day}") from None


def _why_no_time(text: str) -> str:
    if text.isascii() and text.removeprefix("-").isdigit():
        if text.startswith("-"):
            return "is negative: digits count from 1970 onwards"
        if not re.fullmatch(_DATE, text):
            return f"has {len(text)} digits; 10, 13, 16 and 19 are seconds, milli-, micro- and nanoseconds since 1970"
    if re.fullmatch(_DATE, text):
        return "is a date without a time"
    if re.fullmatch(_WITHOUT_ZONE, text):
        return "has no time zone: append Z for UTC, or the offset, such as +02:00"
    if re.fullmatch(_LONG_FRACTION, text):
        return f"has more than {MAX_DIGITS} fraction digits"
    return "is neither ISO 8601 with Z or an offset nor 10, 13, 16 or 19 digits since 1970"
