"""Following the logs of a twin's functions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from l3kit.notebook.gaps import Gap
from l3kit.operate.logs.choice import SINCE, LogChoice
from l3kit.operate.logs.reading import LogReading
from l3kit.operate.logs.report import LogRow

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

PAUSE_SECONDS = 2.0
LATE = timedelta(seconds=60)
"""Maximum delay of a line behind a newer one of the same function."""


def follow(
    session: Session,
    twin: Twin,
    function: str | None = None,
    *,
    since: date | str | None = SINCE,
    sleep: Callable[[float], None] = time.sleep,
    now: datetime | None = None,
) -> Iterator[LogRow | Gap]:
    """Yield the lines of one function or of all, each once, and keep polling for more.

    An unreadable log is yielded as a gap, and again only if it was readable in between.

    Args:
        function, since, now: as in `reading.logs`.
    Raises: ConfigurationError for an invalid choice; SandboxError if the sandbox ends.
    """
    choice = LogChoice.of(session, twin, function, since, None, now or datetime.now(UTC))
    begins = {name: choice.since for name, _ in choice.functions}
    seen: dict[str, dict[str, datetime]] = {name: {} for name in begins}
    reported: set[Gap] = set()
    while True:
        reading, rows = LogReading(session, twin), list[LogRow]()
        for name, host in choice.functions:
            known = seen[name]
            for line in reading.lines(name, host, begins[name]):
                if line.id not in known:
                    known[line.id] = line.moment
                    rows.append(reading.row(line, name, host))
            if known:
                begins[name] = begin = max(known.values()) - LATE
                seen[name] = {line: moment for line, moment in known.items() if moment >= begin}
        yield from sorted(rows, key=lambda row: row.moment)
        gaps = dict.fromkeys(reading.gaps)
        yield from (gap for gap in gaps if gap not in reported)
        reported = set(gaps)
        sleep(PAUSE_SECONDS)
