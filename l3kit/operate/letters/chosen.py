"""An operator's choice of dead letters, and the description of a letter found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from l3kit.errors import ConfigurationError
from l3kit.tiering.format.item_times import moment_of
from l3kit.tiering.format.messages import MessageProblem
from l3kit.tiering.format.time_ranges import read_bound
from l3kit.tiering.ports import ObjectInfo
from l3kit.tiering.stream.letters import ACTION_FAILED, REFUSED_BY_RECEIVER, DeadLetter, day_of, problem_of

if TYPE_CHECKING:
    from l3kit.clouds.ports.undelivered import Undelivered

UNDELIVERED = "undelivered"
"""The problem of messages that the cloud's own delivery put among the letters: the dispatcher did not take them."""
PROBLEMS = (*sorted({*map(str, MessageProblem), ACTION_FAILED, REFUSED_BY_RECEIVER}), UNDELIVERED)


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter on letters.

    Attributes:
        problems: any of these; empty is all.
        device: the sender; empty is any.
        since: received, or else written, from this moment on, in nanoseconds since 1970; None is open.
        limit: maximum number; None is all.
        skipped: problems that are omitted unless they are named.
        foreign: whether to take objects that are no letters as well.
    """

    problems: tuple[str, ...] = ()
    device: str = ""
    since: int | None = None
    limit: int | None = None
    skipped: frozenset[str] = frozenset()
    foreign: bool = True

    @classmethod
    def of(
        cls,
        problem: str | Sequence[str],
        device: str | None,
        since: date | str | None,
        limit: int | None,
        *,
        skipped: frozenset[str] = frozenset(),
        foreign: bool = True,
    ) -> Choice:
        """Check an operator's choice. Raises: ConfigurationError."""
        if limit is not None and limit < 1:
            raise ConfigurationError("limit", f"{limit} is not a number of letters", "Give 1 or more, or none")
        moment = None
        if since is not None:
            try:
                moment = read_bound(since, is_end=False)
            except ConfigurationError as error:
                raise ConfigurationError(f"since {str(since)[:60]!r}", error.cause, error.remedy) from None
        problems = tuple(filter(None, (problem,) if isinstance(problem, str) else problem))
        if strange := sorted(set(problems) - set(PROBLEMS)):
            raise ConfigurationError("problem", f"{', '.join(strange)}: not known", f"Known: {', '.join(PROBLEMS)}")
        return cls(problems, device or "", moment, limit, skipped, foreign)

    def may_take(self, key: str, info: ObjectInfo) -> bool:
        """Return whether the object may pass the filter, judging by its key."""
        problem = problem_of(key)
        if problem is None:  # only its content shows whether it is the source's
            return not self.problems or UNDELIVERED in self.problems
        if self.problems and problem not in self.problems:
            return False
        return self.since is None or moment_of(info.modified) >= self.since or self._is_late(day_of(key))

    def skips(self, key: str) -> bool:
        """Return whether the letter is omitted because its problem was not named."""
        return not self.problems and problem_of(key) in self.skipped

    def takes(self, found: Found) -> bool:
        """Return whether the object passes. A foreign one passes only if no problem, device or time is chosen."""
        if found.is_foreign:
            return self.foreign and not (self.problems or self.device or self.since)
        if self.problems and found.problem not in self.problems:
            return False
        if self.device and found.device != self.device:
            return False
        return self.since is None or moment_of(found.received or found.info.modified) >= self.since

    def _is_late(self, day: str) -> bool:
        assert self.since is not None
        return read_bound(day, is_end=True) >= self.since


@dataclass(frozen=True, slots=True)
class Found:
    """One object among the dead letters.

    Attributes:
        letter: as a function of the chain wrote it; None for another object.
        undelivered: as the cloud's own delivery wrote it; None for another object.
        fault: why an object that is neither could not be read as one.
    """

    cloud: str
    info: ObjectInfo
    letter: DeadLetter | None = None
    undelivered: Undelivered | None = None
    fault: str = ""

    @property
    def is_foreign(self) -> bool:
        return self.letter is None and self.undelivered is None

    @property
    def problem(self) -> str:
        if self.letter is not None:
            return self.letter.problem
        return UNDELIVERED if self.undelivered is not None else ""

    @property
    def cause(self) -> str:
        known = self.letter or self.undelivered
        return known.cause if known is not None else self.fault

    @property
    def device(self) -> str | None:
        known = self.letter or self.undelivered
        return known.device if known is not None else None

    @property
    def received(self) -> datetime | None:
        known = self.letter or self.undelivered
        return known.received if known is not None else None
