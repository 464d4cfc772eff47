"""The pauses of a twin: as a table, as a check of `verify`, and read from its two stores."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from l3kit.clouds.ports.checks import Check
from l3kit.notebook.answer import Answer
from l3kit.notebook.gaps import Gap, gaps_clause, gaps_tables, unreached
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.operate.coroutines import run
from l3kit.operate.stopping import each, name_of
from l3kit.operate.tier_stores import TierStores, open_tiers
from l3kit.tiering.counts import MAX_NAMED
from l3kit.tiering.format.pauses import NOTHING, Pauses
from l3kit.tiering.movers.pausing import pauses_in_cold, pauses_in_journal
from l3kit.twin.layout import MOVERS

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.session import Session
    from l3kit.twin.config import Twin

COLUMNS = ("what", "since", "by", "reason", "paused movers")
AGAIN = "l3kit pause or l3kit resume again completes what was interrupted"


@dataclass(frozen=True, slots=True, repr=False)
class PauseReport(Displayable, Answer):
    """The pauses of a twin, after `pause` and `resume` too.

    Attributes:
        twin: its name.
        hot: the pauses that the hot-to-cold mover finds; None if its journal was not reached.
        cold: those that the cold-to-archive mover finds; None if the cold tier was not reached.
        done: the change made by this call; empty if it only read.
        notes: further information.
        gaps: unreached records.
    """

    twin: str
    hot: Pauses | None
    cold: Pauses | None
    done: str = ""
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def pauses(self) -> Pauses:
        """The pauses of both movers together."""
        return (self.hot or NOTHING).joined(self.cold or NOTHING)

    @property
    def complete(self) -> bool:
        """True if both movers' records were reached."""
        return not self.gaps

    @property
    def halves(self) -> tuple[str, ...]:
        """Sentences on pauses that only one of the two movers has, after an interrupted pause or resume."""
        if self.hot is None or self.cold is None:
            return ()
        return tuple(
            f"{name_of(device)} is paused for the {movers} alone"
            for device, _ in each(self.pauses)
            if (movers := self._movers(device)) in MOVERS
        )

    def _movers(self, device: str | None) -> str:
        found = [
            mover
            for mover, pauses in zip(MOVERS, (self.hot, self.cold), strict=True)
            if pauses is not None and pauses.exactly(device) is not None
        ]
        return " and ".join(found)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each pause, with the columns `COLUMNS`."""
        import pandas as pd

        rows = [
            [name_of(device), pause.since, pause.by, pause.reason, self._movers(device)]
            for device, pause in each(self.pauses)
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def sheet(self) -> Sheet:
        """Return a sentence on the change and the pauses, then a row for each pause."""
        shown = (table(self.to_frame()),) if self.pauses else ()
        return Sheet(self.summary(), (*shown, *gaps_tables(self.gaps)), (*self._half_notes(), *self.notes))

    def _half_notes(self) -> tuple[str, ...]:
        return tuple(f"{half}: {AGAIN}" for half in self.halves)

    def summary(self) -> str:
        parts = (self.done, self.pauses.summary() or "nothing is paused", *self.halves)
        return f"{self.twin}: {'; '.join(filter(None, parts))}{gaps_clause(self.gaps)}"

    def stops(self, device: str) -> str:
        """Return a sentence on the data of a device that are not moved; empty if it is not paused."""
        of_twin = self.pauses.twin is not None
        pause = self.pauses.of(device)
        if pause is None:
            return ""
        movers = self._movers(None if of_twin else device)
        resumed = "l3kit resume" if of_twin else f"l3kit resume {device}"
        subject = "The twin" if of_twin else f"Device {device}"
        return f"{subject} is {pause.summary()}: {movers} ({resumed})."

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "complete": self.complete,
            "done": self.done,
            "paused": [
                {"device": device, **pause.to_json(), "movers": self._movers(device).split(" and ")}
                for device, pause in each(self.pauses)
            ],
            "interrupted": list(self.halves),
            "notes": list(self.notes),
            "gaps": [asdict(gap) for gap in self.gaps],
        }


def read_pauses(session: Session, twin: Twin) -> PauseReport:
    """Read the pauses. Raises: StoreError."""

    async def work() -> PauseReport:
        async with open_tiers(session, twin) as stores:
            return await pauses_of(stores, twin)

    return run(work())


def paused_movers(session: Session, twin: Twin) -> str:
    """Return a sentence on the pauses in the journal's record; empty if there are none. Raises: StoreError."""

    async def work() -> Pauses:
        async with open_tiers(session, twin) as stores:
            return await pauses_in_journal(stores.journal) if stores.journal else NOTHING

    summary = run(work()).summary()
    return f"{summary[0].upper()}{summary[1:]}. It stays so after apply, until l3kit resume." if summary else ""


async def pauses_of(stores: TierStores, twin: Twin) -> PauseReport:
    """Read the pauses from open stores. Raises: StoreError."""
    hot = await pauses_in_journal(stores.journal) if stores.journal else None
    cold = await pauses_in_cold(stores.cold) if stores.cold else None
    return PauseReport(twin.name, hot, cold, gaps=unreached_pauses(stores, twin))


def pause_checks(report: PauseReport) -> list[Check]:
    """Return a check for `verify` if there is a pause, else none. It fails if only one mover is paused."""
    if not report.pauses:
        return []
    halves = report.halves
    seen = "; ".join(halves[:MAX_NAMED]) if halves else report.pauses.summary()
    return [Check("pauses", report.twin, "both movers or none", seen, not halves, AGAIN if halves else "")]


def unreached_pauses(stores: TierStores, twin: Twin) -> tuple[Gap, ...]:
    """Return a gap for each mover whose record this session does not reach."""
    journal = unreached("hot", twin.layout.hot, f"pauses of the {MOVERS[0]}")
    cold = unreached("cold", twin.layout.cold, f"pauses of the {MOVERS[1]}")
    return (*(() if stores.journal else (journal,)), *(() if stores.cold else (cold,)))


def resumed_by(pauses: Pauses) -> str:
    """Return the command that lifts these pauses."""
    if pauses.twin is not None:
        return "l3kit resume"
    return f"l3kit resume {next(iter(pauses.devices))}" if len(pauses.devices) == 1 else "l3kit resume DEVICE"
