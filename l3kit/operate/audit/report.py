"""The result of an audit: faults, coverage and gaps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from l3kit.errors import CheckFailedError
from l3kit.notebook.answer import CheckedAnswer
from l3kit.notebook.gaps import MAX_SAID, Gap, gaps_clause, gaps_frame, gaps_tables
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.operate.audit.faults import Fault
from l3kit.operate.audit.kept import Kept, State
from l3kit.operate.audit.settings import Settings
from l3kit.providers import provider
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.twin.config import Twin

COLUMNS = ("tier", "cloud", "key", "kind", "what", "remedy")


@dataclass(frozen=True, slots=True)
class TierAudit:
    """The checked objects of one tier.

    Attributes:
        objects: chunks to check.
        read: read whole and compared.
        not_read: archived, so only metadata and size were checked.
        restoring: of these, the ones being restored.
        items, bytes: sums over these objects, as stored.
    """

    tier: str
    cloud: str
    objects: int
    read: int
    not_read: int
    restoring: int
    items: int
    bytes: int
    faults: int


@dataclass(frozen=True, slots=True, repr=False)
class AuditReport(Displayable, CheckedAnswer):
    """The result of `audit`.

    Attributes:
        faults: the first 1,000; `faults_path` has all.
        fault_count: number of all faults.
        faults_path: a file with a JSON object for each fault; empty if there is none.
        tiers: coverage of each tier.
        devices: number of devices.
        sample: the checked share of the objects; 1 is all.
        seed: the sample's; the same share and seed choose the same objects.
        notes: further information, such as when restored objects can be read.
        gaps: what was not checked and why: unreached tiers, unreadable objects. The first 1,000.
    """

    faults: tuple[Fault, ...]
    fault_count: int
    faults_path: str
    tiers: tuple[TierAudit, ...]
    devices: int
    sample: float
    seed: str
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def complete(self) -> bool:
        """True if every object to check was read whole."""
        return not self.gaps and not self.total("not_read")

    def total(self, count: str) -> int:
        """Return the sum over the tiers: `objects`, `read`, `not_read`, `restoring`, `items` or `bytes`."""
        return sum(getattr(one, count) for one in self.tiers)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per fault: tier, cloud, key, kind, what, remedy."""
        import pandas as pd

        return pd.DataFrame([[getattr(one, name) for name in COLUMNS] for one in self.faults], columns=list(COLUMNS))

    def tiers_frame(self) -> pd.DataFrame:
        """Return one row per tier: what was checked."""
        import pandas as pd

        frame = pd.DataFrame([asdict(one) for one in self.tiers], columns=list(TierAudit.__dataclass_fields__))
        return frame.rename(columns={"not_read": "not read"})

    def gaps_frame(self) -> pd.DataFrame:
        """Return what was not checked: columns tier, what, reason, remedy."""
        return gaps_frame(self.gaps)

    def sheet(self) -> Sheet:
        """Return the coverage, the faults, then the gaps."""
        tables = [table(self.tiers_frame())]
        if self.faults:
            tables.append(table(self.to_frame(), title="Faults"))
        return Sheet(self.summary(), (*tables, *gaps_tables(self.gaps)), self.notes)

    def summary(self) -> str:
        of = f"{count_of(self.total('objects'), 'object')} of {count_of(self.devices, 'device')}"
        if self.sample < 1:
            of = f"a sample of {self.sample * 100:g}% (seed {self.seed}): {of}"
        archived = f", {count:,} not read since they are archived" if (count := self.total("not_read")) else ""
        found = count_of(self.fault_count, "fault") if self.fault_count else "no fault"
        return f"{of}: {self.total('read'):,} read{archived}; {found}{gaps_clause(self.gaps)}"

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "passed": not self.fault_count and not self.gaps,
            "complete": self.complete,
            "fault_count": self.fault_count,
            "faults": [fault.to_json() for fault in self.faults],
            "faults_path": self.faults_path,
            "tiers": [asdict(one) for one in self.tiers],
            "devices": self.devices,
            "sample": self.sample,
            "seed": self.seed,
            "notes": list(self.notes),
            "gaps": [asdict(gap) for gap in self.gaps],
        }

    def raise_if_failed(self) -> None:
        """Raise CheckFailedError if there are faults, or avoidable gaps."""
        if not self.fault_count and not self.gaps:
            return
        lines = [fault.line() for fault in self.faults[:MAX_SAID]] or [gap.summary() for gap in self.gaps[:MAX_SAID]]
        more = f"All are in {self.faults_path}" if self.fault_count > MAX_SAID else ""
        raise CheckFailedError("audit", "; ".join([self.summary(), *lines]), more)


def report_of(twin: Twin, settings: Settings, kept: Kept) -> AuditReport:
    """Return the result of a finished audit."""
    state = kept.state
    tiers = tuple(
        TierAudit(tier, twin.layout.tier(tier), **state.tiers[tier].model_dump())
        for tier in ("cold", "archive")
        if tier in state.tiers
    )
    notes = (*_of_sample(settings, state), *_of_archive(twin, settings, state), *_of_journal(state), *_of_kept(kept))
    path = str(kept.faults_path) if state.faults else ""
    return AuditReport(
        kept.faults(), state.faults, path, tiers, state.devices, settings.sample, state.seed, notes, kept.gaps()
    )


def _of_sample(settings: Settings, state: State) -> Iterator[str]:
    if settings.sample >= 1:
        return
    if not any(counts.objects for counts in state.tiers.values()):
        yield "The sample contains no objects: give a larger share"
    yield (
        "Keys, missing chunk numbers and receipts were checked in full, duplicate items only among the objects "
        "of the sample; the journal's sums of items and bytes were not compared"
    )


def _of_archive(twin: Twin, settings: Settings, state: State) -> Iterator[str]:
    counts = state.tiers.get("archive")
    if counts is None or not counts.not_read:
        return
    counted = count_of(counts.not_read, "archived object was", "archived objects were")
    hours = provider(twin.layout.archive).restore_hours
    again = f"--sample {settings.sample * 100:g}% --seed {state.seed}" if settings.sample < 1 else "the same options"
    if settings.restore:
        yield (
            f"{counted} not read yet: {counts.restoring:,} are being restored. "
            f"Audit again in {hours:,} hours with {again}, which reads what is restored by then"
        )
    else:
        yield (
            f"{counted} checked by metadata and size alone. --restore has them restored, which the cloud charges, "
            f"within {hours:,} hours"
        )


def _of_journal(state: State) -> Iterator[str]:
    if state.expired:
        yield f"{count_of(state.expired, 'chunk has', 'chunks have')} expired, by the records in the archive tier"
    if state.excess:
        yield (
            f"{count_of(state.excess, 'object is', 'objects are')} not counted by the journal: stored by another "
            "program, before the journal lost a record, or during this audit. Whether as many others are missing "
            "is unknown"
        )
    if state.spent:
        numbers = count_of(state.spent, "chunk number has", "chunk numbers have")
        yield f"{numbers} no object, which the journal's counts allow: they were given up"
    if state.unordered:
        yield f"{count_of(state.unordered, 'chunk')} of another program not in order of time, which queries sort"
    if state.uncompared:
        yield (
            f"{count_of(state.uncompared, 'object was', 'objects were')} not compared with all others for "
            "duplicate items, since too many overlap in time"
        )


def _of_kept(kept: Kept) -> Iterator[str]:
    state = kept.state
    if kept.resumed:
        yield f"Continued an audit that was interrupted, begun at {state.begun}"
    if state.own:
        yield f"{count_of(state.own, 'object')} of l3kit's own (reports, records, receipts, canaries) not counted"
    if state.faults > len(kept.faults()):
        yield f"The first {len(kept.faults()):,} of {state.faults:,} faults; all are in {kept.faults_path}"
    if state.gaps > len(state.named_gaps):
        yield f"The first {len(state.named_gaps):,} of {state.gaps:,} parts that were not checked"
