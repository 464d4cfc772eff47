"""A mover's schedule as deployed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from l3kit.twin.cron_forms import eventbridge
from l3kit.twin.schedule_times import next_time


@dataclass(frozen=True, slots=True)
class Schedule:
    """A mover's schedule. `fired`: kept by a sandbox, where it is triggered by hand.

    Attributes:
        expression: in the cloud's own form.
        fault: what is wrong with it, though it is on, such as another target.
    """

    state: Literal["on", "off", "fired", "missing", "unreached"]
    expression: str = ""
    next_run: datetime | None = None
    fault: str = ""

    @property
    def text(self) -> str:
        """The expression and what is wrong with it."""
        return f"{self.expression}, {self.fault}" if self.fault else self.expression

    def run_after(self, moment: datetime) -> datetime | None:
        """Return the first run after a run at `moment`; None if there is none, or a fault hides when it is."""
        return None if self.fault else next_time(eventbridge(self.expression), moment, moment)
