"""A mover's schedule as deployed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Schedule:
    """A mover's schedule. `fired`: kept by a sandbox, where it is triggered by hand."""

    state: Literal["on", "off", "fired", "missing", "unreached"]
    expression: str = ""
    next_run: datetime | None = None
