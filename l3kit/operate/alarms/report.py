"""The alarms of a twin as an answer: which fire and why, and who is notified."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from l3kit.clouds.ports.alarms import MEANINGS, Alarm, AlarmState, Subscriber
from l3kit.notebook.answer import Answer
from l3kit.notebook.gaps import Gap, gaps_clause, gaps_tables
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.tiering.counts import count_of
from l3kit.tiering.movers.report import iso

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("state", "alarm", "watches", "cloud", "since", "meaning", "what to do", "reason")
STATES: tuple[AlarmState, ...] = ("alarm", "missing", "unknown", "ok")
"""The most urgent first."""
NONE = 'has no alarms: set "notify" or "alarms" in config.json, then l3kit apply (docs/how-to/alarms.md)'
UNKNOWN = "unknown: nothing has been measured yet, as before the first run of a mover or the expirer; a run settles it."
WAITS = "waits for its confirmation: no alarm is sent there"
CONFIRM = "Open the message that was sent there, and follow its link; after two days only l3kit apply sends another one"


@dataclass(frozen=True, slots=True, repr=False)
class AlarmsReport(Displayable, Answer):
    """The result of `alarms`.

    Attributes:
        twin: its name.
        alarms: those that fire first; empty if the twin has none.
        subscribers: who is notified.
        notes: what cannot be watched, in sentences.
        gaps: clouds whose alarms could not be read, or that have none.
        wanted: whether the twin asks for alarms.
    """

    twin: str
    alarms: tuple[Alarm, ...]
    subscribers: tuple[Subscriber, ...] = ()
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    wanted: bool = True

    @property
    def firing(self) -> tuple[Alarm, ...]:
        """The alarms in the state `alarm`."""
        return tuple(alarm for alarm in self.alarms if alarm.state == "alarm")

    @property
    def complete(self) -> bool:
        """True if each part of the twin is watched, and its alarms were read."""
        return not self.gaps

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each alarm, those that fire first, with the columns `COLUMNS`."""
        import pandas as pd

        return pd.DataFrame([_row(alarm) for alarm in self.alarms], columns=list(COLUMNS))

    def subscribers_frame(self) -> pd.DataFrame:
        """Return who is notified: columns address, cloud, state."""
        import pandas as pd

        return pd.DataFrame(
            [list(asdict(one).values()) for one in self.subscribers], columns=["address", "cloud", "state"]
        )

    def sheet(self) -> Sheet:
        """Return what fires and what to do, all alarms, who is notified, and what is not watched."""
        frame, firing = self.to_frame(), bool(self.firing)
        fires = frame[frame["state"] == "alarm"][["alarm", "meaning", "what to do", "reason"]]
        shown = [table(fires, title="What fires, and what to do")] if firing else []
        shown += [table(frame[["state", "alarm", "cloud", "since"]], tint_column="state")] if self.alarms else []
        shown += [table(self.subscribers_frame(), title="Who is notified")] if self.subscribers else []
        return Sheet(
            self.summary(), (*shown, *gaps_tables(self.gaps)), (*self.waiting(), *self._unknown(), *self.notes)
        )

    def waiting(self) -> tuple[str, ...]:
        """Return a sentence for each subscriber that has not confirmed."""
        return tuple(f"{one.address} {WAITS}. {CONFIRM}." for one in self.subscribers if one.state == "waits")

    def _unknown(self) -> tuple[str, ...]:
        """Return a sentence on the state `unknown`, if an alarm has it."""
        return (UNKNOWN,) if any(alarm.state == "unknown" for alarm in self.alarms) else ()

    def summary(self) -> str:
        if not self.wanted:
            return f"{self.twin}: {NONE}"
        counts = Counter(alarm.state for alarm in self.alarms)
        names = ", ".join(alarm.name for alarm in self.firing)
        states = [f"{len(self.firing)} firing ({names})"] if names else []
        states += [f"{counts[state]} {state}" for state in STATES[1:] if counts[state]]
        waiting = sum(one.state == "waits" for one in self.subscribers)
        waits = f"; {count_of(waiting, 'address waits', 'addresses wait')} for confirmation" if waiting else ""
        counted = ": ".join(filter(None, (count_of(len(self.alarms), "alarm"), ", ".join(states))))
        return f"{self.twin}: {counted}{waits}{gaps_clause(self.gaps)}"

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "complete": self.complete,
            "wanted": self.wanted,
            "firing": [alarm.name for alarm in self.firing],
            "alarms": [
                {
                    **asdict(alarm),
                    "since": iso(alarm.since) if alarm.since else None,
                    "meaning": MEANINGS[alarm.kind].meaning,
                    "remedy": MEANINGS[alarm.kind].remedy,
                }
                for alarm in self.alarms
            ],
            "subscribers": [asdict(one) for one in self.subscribers],
            "notes": [*self.waiting(), *self._unknown(), *self.notes],
            "gaps": [asdict(gap) for gap in self.gaps],
        }


def _row(alarm: Alarm) -> list[str]:
    meaning, since = MEANINGS[alarm.kind], iso(alarm.since) if alarm.since else ""
    watches = alarm.mover or "the twin"
    return [alarm.state, alarm.name, watches, alarm.cloud, since, meaning.meaning, meaning.remedy, alarm.reason]
