"""The holds of a twin: as a table, as a check of `verify`, and read from the two places that have them."""

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
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.movers.holding import holds_in_archive, holds_in_journal

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.session import Session
    from l3kit.twin.config import Twin

ERASE, EXPIRY = "erase", "archive expiry"
COLUMNS = ("what", "since", "by", "reason", "stops")
AGAIN = "l3kit hold again, or with --release, completes what was interrupted"


@dataclass(frozen=True, slots=True, repr=False)
class HoldReport(Displayable, Answer):
    """The holds of a twin, after `hold` and `release` too.

    Attributes:
        twin: its name.
        journal: the holds in the journal; None if it was not reached.
        archive: those in the archive tier; None if it was not reached.
        done: the change made by this call; empty if it only read.
        gaps: what was not reached.
    """

    twin: str
    journal: Holds | None
    archive: Holds | None
    done: str = ""
    gaps: tuple[Gap, ...] = ()

    @property
    def holds(self) -> Holds:
        """The holds of both places together. `erase` obeys all of them."""
        return (self.journal or Holds()).joined(self.archive or Holds())

    @property
    def complete(self) -> bool:
        """True if both places were reached."""
        return not self.gaps

    @property
    def halves(self) -> tuple[str, ...]:
        """The holds that only one place has, by an interrupted change; one sentence for each."""
        if self.journal is None or self.archive is None:
            return ()
        return tuple(
            f"the hold of {name_of(device)} is in the {'archive' if self.archive.exactly(device) else 'journal'} alone"
            for device, _ in each(self.holds)
            if (self.journal.exactly(device) is None) != (self.archive.exactly(device) is None)
        )

    def stops(self, device: str | None) -> tuple[str, ...]:
        """Return which kinds of deletion the hold of a device, or of the twin, prevents."""
        expiry = self.archive is None or self.archive.exactly(device) is not None
        return (ERASE, EXPIRY) if expiry else (ERASE,)

    def forbids(self, device: str) -> str:
        """Return a sentence on the data of a device that are not deleted; empty if it is not held."""
        hold = self.holds.of(device)
        if hold is None:
            return ""
        twin = self.holds.twin
        subject = "The twin" if twin else f"Device {device}"
        stopped = " and ".join(self.stops(None if twin else device))
        command = released_by(Holds(twin, {} if twin else {device: hold}))
        return f"{subject} is {hold.summary()}, which stops {stopped} ({command})."

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each hold, with the columns `COLUMNS`."""
        import pandas as pd

        rows = [
            [name_of(device), hold.since, hold.by, hold.reason, ", ".join(self.stops(device))]
            for device, hold in each(self.holds)
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def sheet(self) -> Sheet:
        """Return what was done and what is held, then a row for each hold."""
        shown = (table(self.to_frame()),) if self.holds else ()
        notes = tuple(f"{half}: {AGAIN}" for half in self.halves)
        return Sheet(self.summary(), (*shown, *gaps_tables(self.gaps)), notes)

    def summary(self) -> str:
        parts = (self.done, self.holds.summary() or "nothing is held", *self.halves)
        return f"{self.twin}: {'; '.join(filter(None, parts))}{gaps_clause(self.gaps)}"

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "complete": self.complete,
            "done": self.done,
            "held": [
                {"device": device, **hold.to_json(), "stops": list(self.stops(device))}
                for device, hold in each(self.holds)
            ],
            "interrupted": list(self.halves),
            "gaps": [asdict(gap) for gap in self.gaps],
        }


def released_by(holds: Holds) -> str:
    """Return the command that lifts these holds, the twin's first."""
    device = next(iter(holds.devices), "") if len(holds.devices) == 1 else "DEVICE"
    return "l3kit hold --release" if holds.twin is not None else f"l3kit hold {device} --release"


def read_holds(session: Session, twin: Twin) -> HoldReport:
    """Read the holds. Raises: StoreError."""

    async def work() -> HoldReport:
        async with open_tiers(session, twin) as stores:
            return await holds_of(stores, twin)

    return run(work())


async def holds_of(stores: TierStores, twin: Twin, done: str = "") -> HoldReport:
    """Read the holds from open stores. Raises: StoreError."""
    journal = await holds_in_journal(stores.journal) if stores.journal else None
    archive = await holds_in_archive(stores.archive) if stores.archive else None
    return HoldReport(twin.name, journal, archive, done, unreached_holds(stores, twin))


def hold_checks(report: HoldReport) -> list[Check]:
    """Return a check for `verify` if something is held, else none. It fails if only one place has the hold."""
    if not report.holds:
        return []
    halves = report.halves
    seen = "; ".join(halves[:MAX_NAMED]) if halves else report.holds.summary()
    return [Check("holds", report.twin, "in journal and archive", seen, not halves, AGAIN if halves else "")]


def unreached_holds(stores: TierStores, twin: Twin) -> tuple[Gap, ...]:
    """Return a gap for each place of holds that this session does not reach."""
    journal = unreached("hot", twin.layout.hot, "holds in the journal")
    archive = unreached("archive", twin.layout.archive, "holds in the archive")
    return (*(() if stores.journal else (journal,)), *(() if stores.archive else (archive,)))
