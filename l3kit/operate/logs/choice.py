"""An operator's choice of log lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from l3kit.errors import ConfigurationError
from l3kit.given_values import did_you_mean
from l3kit.tiering.format.time_ranges import read_bound
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.twin.layout import ORDER

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

SINCE = "15m"
LIMIT = 1000
_AGO = re.compile(r"([0-9]{1,5})\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class LogChoice:
    """A filter on log lines.

    Attributes:
        functions: each with its cloud.
        since: from this moment on, in UTC; None is all that the clouds keep.
        limit: maximum number, the newest; None is all.
    """

    functions: tuple[tuple[str, str], ...]
    since: datetime | None
    limit: int | None

    @classmethod
    def of(
        cls,
        session: Session,
        twin: Twin,
        function: str | None,
        since: date | str | None,
        limit: int | None,
        now: datetime,
    ) -> LogChoice:
        """Check an operator's choice. Raises: ConfigurationError."""
        if limit is not None and limit < 1:
            raise ConfigurationError("limit", f"{limit} is not a number of lines", "Give 1 or more, or none")
        return cls(_chosen(session, twin, function), moment_since(since, now), limit)


def moment_since(given: date | str | None, now: datetime) -> datetime | None:
    """Parse a time, or a duration before now such as `15m`. Raises: ConfigurationError."""
    if given is None:
        return None
    if isinstance(given, str) and (ago := _AGO.fullmatch(given.strip())):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        nanoseconds = read_bound(given, is_end=False)
    except ConfigurationError as error:
        remedy = f"{error.remedy}, or as a duration like 90s, 15m, 2h or 7d"
        raise ConfigurationError(f"since {str(given)[:60]!r}", error.cause, remedy) from None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=nanoseconds // 1000)


def _chosen(session: Session, twin: Twin, function: str | None) -> tuple[tuple[str, str], ...]:
    """Return the function of this short or deployed name, or all. Raises: ConfigurationError."""
    hosts = {name: host for name in ORDER if (host := twin.layout.host_of(name))}
    if function is None:
        return tuple(hosts.items())
    deployed = dict(_deployed_names(session, twin, hosts.items()))
    if (short := deployed.get(function, function)) in hosts:
        return ((short, hosts[short]),)
    if function in FUNCTIONS:
        cause, remedy = "is a function that this twin's layout does not have", f"It has {', '.join(hosts)}"
    else:
        cause, remedy = "is not a function of this twin", did_you_mean(function, [*hosts, *deployed])
    raise ConfigurationError(f"function {function[:80]!r}", cause, remedy[0].upper() + remedy[1:])


def _deployed_names(session: Session, twin: Twin, functions: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    for name, host in functions:
        cloud = session.clouds.get(host)
        if cloud is not None:
            yield cloud.function_name(twin, name), name
