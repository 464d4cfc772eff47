"""Lines of a function's log, alike on every cloud."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log of one function.

    Attributes:
        id: the same at each reading, and unique in the log.
        moment: when the cloud received it, in UTC; the function's own time, if the cloud keeps that instead.
        text: without the content of the other attributes; several lines if there is a traceback.
        level: such as `ERROR`; empty if the line has none, as those of the platform.
        request_id: id of the invocation; empty if the line has none.
    """

    id: str
    moment: datetime
    text: str
    level: str = ""
    request_id: str = ""
