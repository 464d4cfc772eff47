"""Times of rows: local times without a zone, and times in custom formats. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from l3kit.errors import ConfigurationError, NotATimeError
from l3kit.operate.load.rows import RowProblem
from l3kit.tiering.format.item_times import SECOND, moment_of, read_moment, shortest
from l3kit.tiering.format.messages import MessageProblem

RepeatedHour = Literal["refuse", "earlier", "later"]
"""Reading of a local time that occurs twice, when summer time ends."""

_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?")
_START = datetime(1970, 1, 1)
_PROBE = datetime(2031, 11, 23, 14, 0)
_NAME_ZONE = "Name the zone of such times with --timezone, such as --timezone UTC or --timezone Europe/Vienna"


class BadTimeError(NotATimeError):
    """An invalid or ambiguous time of a row. `problem`: as in a bad row."""

    def __init__(self, problem: str, text: str, cause: str, remedy: str) -> None:
        super().__init__(f"time {text[:60]!r}", cause, remedy)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class RowTimes:
    """Converts times of rows that l3kit does not accept from a device.

    Attributes:
        zone: the zone of times without one; None refuses them.
        repeated_hour: the choice for times that occur twice in that zone.
        form: format of `datetime.strptime`; empty for ISO 8601 and epoch digits.
        shift: nanoseconds to add to each time.
    """

    zone: tzinfo | None = None
    repeated_hour: RepeatedHour = "refuse"
    form: str = ""
    shift: int = 0

    def accepted(self, text: str) -> str:
        """Return a form that `normalise` accepts; without a shift, a text in no such form is returned unchanged.

        Raises: BadTimeError.
        """
        found = self._in_utc(text)
        return self.shifted(found) if self.shift else found

    def shifted(self, text: str) -> str:
        """Add the shift to a time in a form that `normalise` accepts. Raises: BadTimeError."""
        try:
            return shortest(read_moment(text) + self.shift)
        except NotATimeError as error:
            raise BadTimeError(MessageProblem.BAD_TIME, text, error.cause, error.remedy) from None

    def _in_utc(self, text: str) -> str:
        if self.form:
            return self._formatted(text)
        return self._utc(text, _local_moment(text)) if _LOCAL.fullmatch(text) else text

    def _formatted(self, text: str) -> str:
        try:
            found = datetime.strptime(text, self.form)
        except ValueError:
            cause = f"is not in the format {self.form!r}"
            raise BadTimeError(MessageProblem.BAD_TIME, text, cause, "Give the file's own with --time-format") from None
        if found.tzinfo is not None:
            return shortest(moment_of(found))
        return self._utc(text, moment_of(found.replace(tzinfo=UTC)))

    def _utc(self, text: str, local: int) -> str:
        """Convert nanoseconds of a local clock since 1970 to UTC."""
        if self.zone is None:
            raise BadTimeError(MessageProblem.BAD_TIME, text, "has no time zone", _NAME_ZONE)
        clock = _START + timedelta(seconds=local // SECOND)
        earlier, later = (_offset(self.zone, clock.replace(fold=fold)) for fold in (0, 1))
        if earlier < later:
            cause = f"does not exist in {self.zone}: clocks were put forward over it"
            raise BadTimeError(RowProblem.HOUR_SKIPPED, text, cause, "Correct the time, or name another --timezone")
        if earlier > later and self.repeated_hour == "refuse":
            cause = f"occurs twice in {self.zone}: clocks were put back over it"
            remedy = "Choose with --repeated-hour earlier or later, or write its offset, such as +02:00"
            raise BadTimeError(RowProblem.HOUR_TWICE, text, cause, remedy)
        moment = local - (later if self.repeated_hour == "later" else earlier) * SECOND
        try:
            return shortest(moment)
        except NotATimeError as error:
            raise BadTimeError(MessageProblem.BAD_TIME, text, error.cause, error.remedy) from None


def _local_moment(text: str) -> int:
    try:
        return read_moment(f"{text}Z")
    except NotATimeError as error:
        raise BadTimeError(MessageProblem.BAD_TIME, text, error.cause, error.remedy) from None


def _offset(zone: tzinfo, clock: datetime) -> int:
    """Seconds east of UTC."""
    found = clock.replace(tzinfo=zone).utcoffset()
    assert found is not None
    return found.days * 86_400 + found.seconds


def zone_of(name: str) -> tzinfo | None:
    """Return a time zone; None for an empty name. Raises: ConfigurationError."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        remedy = "Name one such as UTC or Europe/Vienna; where the system has no zones, pip install tzdata"
        raise ConfigurationError("--timezone", f"{name!r} is not a time zone known here", remedy) from None


def checked_form(form: str) -> str:
    """Check a format of times. Raises: ConfigurationError if it does not contain day and hour."""
    if not form:
        return form
    try:
        found = datetime.strptime(_PROBE.strftime(form), form).replace(tzinfo=None)
    except (ValueError, re.error):
        found = datetime.min
    if found != _PROBE:
        remedy = "Name year, month, day and hour at least, such as '%d.%m.%Y %H:%M' (see Python's strptime)"
        raise ConfigurationError("--time-format", f"{form!r} does not name a moment", remedy)
    return form
