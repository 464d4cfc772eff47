"""Checks of a deployed twin, each with expected value, actual value and remedy.

They cover links, functions, schedules, drift, the keys in the hot tier, and a canary sent from layer 1 to cold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from l3kit.clouds.ports.checks import Check
from l3kit.errors import CheckFailedError, L3Error
from l3kit.notebook.answer import CheckedAnswer
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.operate.alarms.reading import alarm_checks
from l3kit.operate.holds.report import hold_checks, read_holds
from l3kit.operate.pauses.report import pause_checks, read_pauses
from l3kit.operate.verify.canary_trip import CanaryTrip
from l3kit.operate.verify.items import item_checks
from l3kit.operate.verify.links import link_checks
from l3kit.operate.verify.way import frame_of, rows_of
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.canary import Sighting

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.session import Session
    from l3kit.twin.config import Twin

MAX_SAID = 5
"""Maximum number of failed checks that the summary names; the table and the result file have all."""


@dataclass(frozen=True, slots=True, repr=False)
class VerifyReport(Displayable, CheckedAnswer):
    """The result of `verify`; when displayed, failed checks come first.

    Attributes:
        checks: all checks, in order.
        notes: further information that is not a check.
        way: sightings of the canary, in order.
    """

    checks: tuple[Check, ...]
    notes: tuple[str, ...] = field(default=())
    way: tuple[Sighting, ...] = field(default=())

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed, in order."""
        return tuple(check for check in self.checks if not check.passed)

    def to_frame(self) -> pd.DataFrame:
        """Return columns group, subject, expected, seen, passed, hint; no timings, so two good runs are equal."""
        import pandas as pd

        rows = [[c.group, c.subject, c.expected, c.seen, c.passed, c.hint] for c in self.checks]
        return pd.DataFrame(rows, columns=["group", "subject", "expected", "seen", "passed", "hint"])

    def sheet(self) -> Sheet:
        """Return the failed checks, then the others."""
        frame = self.to_frame()
        frame["passed"] = ["passed" if check.passed else "failed" for check in self.checks]
        frame = frame[["passed", "group", "subject", "expected", "seen", "hint"]].rename(columns={"passed": "result"})
        shown = table(frame, first=[not check.passed for check in self.checks], tint_column="result")
        return Sheet(self.summary(), (shown,), self.notes)

    def latency_frame(self) -> pd.DataFrame:
        """Return the milliseconds of each probe."""
        import pandas as pd

        rows = [[c.subject, c.expected, round(c.milliseconds, 1)] for c in self.checks if c.milliseconds is not None]
        return pd.DataFrame(rows, columns=["link", "probe", "milliseconds"])

    def way_frame(self) -> pd.DataFrame:
        """Return the canary's sightings: columns place, cloud, at, milliseconds since it was published.

        The times are by the clocks of the places; `hot tier` is when it was found there.
        """
        return frame_of(self.way)

    def summary(self) -> str:
        if self.failed:
            more = f"; and {len(self.failed) - MAX_SAID} more" if len(self.failed) > MAX_SAID else ""
            return (
                f"{len(self.failed)} of {count_of(len(self.checks), 'check')} failed: "
                + "; ".join(f"{check.subject}: {check.seen}" for check in self.failed[:MAX_SAID])
                + more
            )
        return f"{'all ' if len(self.checks) != 1 else ''}{count_of(len(self.checks), 'check')} passed"

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "passed": not self.failed,
            "checks": [asdict(check) for check in self.checks],
            "notes": list(self.notes),
            "way": rows_of(self.way),
        }

    def raise_if_failed(self) -> None:
        if self.failed:
            remedies = "; ".join(dict.fromkeys(check.hint for check in self.failed if check.hint))
            raise CheckFailedError("verify_connections", self.summary(), remedies)


def verify(
    session: Session,
    twin: Twin,
    *,
    clouds: Sequence[str] = (),
    canary: bool = True,
    now: datetime | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> VerifyReport:
    """Run all checks; a failed check does not raise.

    Args:
        clouds: check only the parts on these clouds; empty is all.
        canary: also send a message through the message chain to the hot tier, have the deployed mover move it to the
            cold tier, and remove it again; each part is omitted if it would need a cloud that is not checked.
        now: readings later than this are reported as future; default: the current time.
        progress: called with the name of each group, then with `done`.
    """
    reached = [cloud for p in twin.layout.clouds_among(clouds) if (cloud := session.cloud(p)) is not None]
    groups: list[tuple[str, Callable[[], Iterator[Check]]]] = [
        ("functions", lambda: chain.from_iterable(cloud.function_checks(twin) for cloud in reached)),
        ("schedules", lambda: schedule_checks(session, twin, reached, clouds)),
        ("drift", lambda: drift_checks(session, twin, clouds)),
        ("links", lambda: link_checks(session, twin, clouds)),
    ]
    if twin.has_alarms:
        groups.append(("alarms", lambda: alarm_checks(session, twin, clouds)))
    notes: list[str] = []

    def items() -> Iterator[Check]:
        found = item_checks(session, twin, now or datetime.now(UTC))
        notes.extend(found.notes)
        yield from found.checks

    if not clouds or twin.layout.hot in clouds:
        groups.append(("items", items))
    trip = CanaryTrip(session, twin, clouds)
    if canary:
        groups.append(("canary", lambda: iter(trip.checks())))
    checks: list[Check] = []
    for name, group in groups:
        progress(name)
        try:
            checks += group()
        except L3Error as error:
            checks.append(Check(name, error.resource, "can be checked", error.cause, False, error.remedy))
    progress("done")
    notes += trip.notes
    notes += [] if any(check.group == "links" for check in checks) else ["No link crosses a cloud border."]
    return VerifyReport(tuple(checks), tuple(notes), tuple(trip.way))


def schedule_checks(session: Session, twin: Twin, reached: Sequence[Cloud], clouds: Sequence[str]) -> Iterator[Check]:
    """Check the movers' schedules, and that pauses and holds are in both places that need them."""
    yield from chain.from_iterable(cloud.schedule_checks(twin) for cloud in reached)
    if not clouds or {twin.layout.hot, twin.layout.cold} <= set(clouds):
        yield from pause_checks(read_pauses(session, twin))
    if not clouds or {twin.layout.hot, twin.layout.archive} <= set(clouds):
        yield from hold_checks(read_holds(session, twin))


def drift_checks(session: Session, twin: Twin, clouds: Sequence[str]) -> Iterator[Check]:
    """Check that each resource matches the plan: roles and policies, URLs and their statements, buckets, tables."""
    from l3kit.deploy import plan

    wanted = plan(twin, session, clouds=set(clouds) or None)
    for step in wanted.steps:
        same = step.action == "unchanged"
        yield Check(
            "drift",
            f"{step.kind} {step.name}",
            "unchanged",
            step.action,
            same,
            "" if same else f"{step.reason}; run deploy_l3",
        )
