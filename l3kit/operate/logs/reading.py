"""Read the log lines of a twin's functions from their clouds."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from l3kit.errors import L3Error
from l3kit.notebook.gaps import Gap, unreached
from l3kit.operate.logs.choice import LIMIT, SINCE, LogChoice
from l3kit.operate.logs.redaction import known_tokens, without_secrets
from l3kit.operate.logs.report import LogRow, LogsReport
from l3kit.providers import provider
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    from l3kit.clouds.ports.function_logs import LogLine
    from l3kit.session import Session
    from l3kit.twin.config import Twin


def logs(
    session: Session,
    twin: Twin,
    function: str | None = None,
    *,
    since: date | str | None = SINCE,
    limit: int | None = LIMIT,
    now: datetime | None = None,
) -> LogsReport:
    """Read the log lines of one function or of all, in the order of their moments.

    Args:
        function: its short or deployed name; None is all of the twin's functions.
        since: from then on: ISO 8601 with a zone, a datetime with one, a date, or a duration before now such as `15m`;
            None is all that the clouds keep.
        limit: maximum number, the newest; None is all.
        now: the time from which durations count; None is the present.
    Raises: ConfigurationError for an invalid choice. An unreadable log is a gap.
    """
    choice = LogChoice.of(session, twin, function, since, limit, now or datetime.now(UTC))
    reading = LogReading(session, twin)
    newest = _Newest(choice.limit)
    for name, host in choice.functions:
        for line in reading.lines(name, host, choice.since):
            newest.add(name, reading.row(line, name, host))
    rows = newest.rows()
    notes = () if rows or reading.gaps else ("Lines may arrive some seconds after they were printed",)
    return LogsReport(rows, tuple(name for name, _ in choice.functions), notes, (*reading.gaps, *newest.gaps()))


class LogReading:
    """Reads logs; an unreadable or partly unreadable one becomes a gap.

    Attributes:
        gaps: what could not be read.
    """

    def __init__(self, session: Session, twin: Twin) -> None:
        self._session = session
        self._twin = twin
        self._tokens = known_tokens(session, twin)
        self.gaps: list[Gap] = []

    def lines(self, function: str, host: str, since: datetime | None) -> Iterator[LogLine]:
        """Yield a function's lines as its cloud orders them. Raises: SandboxError if the sandbox has ended."""
        cloud = self._session.cloud(host)
        if cloud is None:
            self.gaps.append(self._unreached(function, host))
            return
        count = 0
        try:
            for line in cloud.function_log(self._twin, function, since):
                count += 1
                yield line
        except L3Error as error:
            self._session.check_alive()
            what = f"the log of {function} on {host}" if not count else f"further log lines of {function} on {host}"
            self.gaps.append(Gap("logs", what, f"could not be read: {error.resource}: {error.cause}", error.remedy))

    def row(self, line: LogLine, function: str, host: str) -> LogRow:
        """Return a line for display."""
        text = without_secrets(line.text, self._tokens)
        return LogRow(line.moment, function, host, line.request_id, line.level, text)

    def _unreached(self, function: str, host: str) -> Gap:
        what = f"the log of {function}"
        if self._session.target == "live" and provider(host).open_live is None:
            title = provider(host).title
            reason = f"is on {title}, which l3kit reaches in the sandbox only, not yet as a real account"
            return Gap("logs", what, reason, f"Look at it with {title}'s own tools")
        return unreached("logs", host, what)


@dataclass(slots=True)
class _Newest:
    """The newest lines, up to a limit, and the number of the others by function."""

    limit: int | None
    _heap: list[tuple[datetime, int, LogRow]] = field(default_factory=list)
    _seen: int = 0
    _left_out: dict[str, int] = field(default_factory=dict)

    def add(self, function: str, row: LogRow) -> None:
        self._seen += 1
        entry = (row.moment, self._seen, row)
        if self.limit is None or len(self._heap) < self.limit:
            heapq.heappush(self._heap, entry)
            return
        oldest = heapq.heappushpop(self._heap, entry)[2]
        self._left_out[oldest.function] = self._left_out.get(oldest.function, 0) + 1

    def rows(self) -> tuple[LogRow, ...]:
        return tuple(row for *_, row in sorted(self._heap, key=lambda entry: entry[:2]))

    def gaps(self) -> Iterator[Gap]:
        for function, count in self._left_out.items():
            what = count_of(count, f"earlier log line of {function}", f"earlier log lines of {function}")
            reason = f"left out, since the newest {self.limit:,} lines fill the limit"
            yield Gap("logs", what, reason, "Give a higher limit, a later time or one function")
