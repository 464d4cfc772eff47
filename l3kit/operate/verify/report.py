"""Checks of a deployed twin, each with expected value, actual value and remedy.

They cover links, functions, schedules, drift, the keys in the hot tier, and a canary item moved by the real mover."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from l3kit.clouds.ports.checks import Check
from l3kit.errors import CheckFailedError, L3Error
from l3kit.notebook.answer import CheckedAnswer
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.operate.tier_stores import open_tiers
from l3kit.operate.verify.items import item_checks
from l3kit.operate.verify.links import link_checks
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.chunks import decompress, parse_object_key
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.item_times import moment_of
from l3kit.tiering.format.time_ranges import movable_range
from l3kit.twin.layout import MOVERS

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.session import Session
    from l3kit.twin.config import Twin

CANARY_BEFORE = datetime(1970, 1, 2, tzinfo=UTC)
"""Cutoff of the canary's mover run, independent of the twin's hot days: no telemetry with a true time is older."""
CANARY_KEY = movable_range(None, moment_of(CANARY_BEFORE) - 1).before
DELETE_TRIES = 5
MAX_SAID = 5
"""Maximum number of failed checks that the summary names; the table and the result file have all."""


@dataclass(frozen=True, slots=True, repr=False)
class VerifyReport(Displayable, CheckedAnswer):
    """The result of `verify`; when displayed, failed checks come first.

    Attributes:
        checks: all checks, in order.
        notes: further information that is not a check.
    """

    checks: tuple[Check, ...]
    notes: tuple[str, ...] = field(default=())

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
        canary: also move one item with the real hot-to-cold mover, and remove it again; omitted if that would need a
            cloud that is not checked.
        now: readings later than this are reported as future; default: the current time.
        progress: called with the name of each group, then with `done`.
    """
    reached = [cloud for p in twin.layout.clouds_among(clouds) if (cloud := session.cloud(p)) is not None]
    groups: list[tuple[str, Callable[[], Iterator[Check]]]] = [
        ("functions", lambda: chain.from_iterable(cloud.function_checks(twin) for cloud in reached)),
        ("schedules", lambda: chain.from_iterable(cloud.schedule_checks(twin) for cloud in reached)),
        ("drift", lambda: drift_checks(session, twin, clouds)),
        ("links", lambda: link_checks(session, twin, clouds)),
    ]
    notes: list[str] = []

    def items() -> Iterator[Check]:
        found = item_checks(session, twin, now or datetime.now(UTC))
        notes.extend(found.notes)
        yield from found.checks

    if not clouds or twin.layout.hot in clouds:
        groups.append(("items", items))
    if canary and not (clouds and {twin.layout.hot, twin.layout.cold} - set(clouds)):
        groups.append(("canary", lambda: canary_checks(session, twin)))
    checks: list[Check] = []
    for name, group in groups:
        progress(name)
        try:
            checks += group()
        except L3Error as error:
            checks.append(Check(name, error.resource, "can be checked", error.cause, False, error.remedy))
    progress("done")
    notes += [] if any(check.group == "links" for check in checks) else ["No link crosses a cloud border."]
    return VerifyReport(tuple(checks), tuple(notes))


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


def canary_checks(session: Session, twin: Twin) -> Iterator[Check]:
    """Write an item of 1970 into the hot store, move it with the deployed mover, read it from cold, remove it."""
    from l3kit.operate.coroutines import run
    from l3kit.operate.movers import run_mover

    if session.cloud(twin.layout.hot) is None or session.cloud(twin.layout.cold) is None:
        return
    device = twin.devices[0].id
    moment = CANARY_BEFORE + timedelta(days=twin.config.hot_storage_size_in_days)
    if run(_holds_old(session, twin, device)):  # readings of a device whose clock was reset get a chunk of their own
        run_mover(session, twin, MOVERS[0], time=moment)
    # A unique time, so that it replaces no reading.
    stamp = f"1970-01-01T00:00:00.{secrets.randbelow(10**9):09d}Z"
    item = {"iotDeviceId": device, "id": stamp, "canary": secrets.token_hex(8)}
    run(_put(session, twin, device, item))
    try:
        moved = run_mover(session, twin, MOVERS[0], time=moment)
    except BaseException:
        run(_take_back(session, twin, device, stamp, []))
        raise
    keys = [key for report in moved.reports for d in report["devices"] if d["device_id"] == device for key in d["keys"]]
    found, still_hot = run(_take_back(session, twin, device, stamp, keys))
    hint = "See the mover's report: run_movers"
    yield Check("canary", device, "moved to cold", "moved" if keys else moved.verdict, bool(keys), "" if keys else hint)
    same = item in found
    yield Check("canary", device, "reads back equal", "equal" if same else "different", same, "" if same else hint)
    gone = not still_hot
    yield Check("canary", device, "gone from hot", "gone" if gone else "still there", gone, "" if gone else hint)


async def _holds_old(session: Session, twin: Twin, device: str) -> bool:
    async with open_tiers(session, twin) as tiers:
        assert tiers.hot is not None
        return bool((await tiers.hot.read_page(device, before=CANARY_KEY, limit=1)).sort_keys)


async def _put(session: Session, twin: Twin, device: str, item: dict[str, str]) -> None:
    async with open_tiers(session, twin) as tiers:
        assert tiers.hot is not None
        await tiers.hot.put_items(device, [json.dumps(item, separators=(",", ":")).encode()])


async def _take_back(
    session: Session, twin: Twin, device: str, stamp: str, keys: Sequence[str]
) -> tuple[list[Any], bool]:
    """Read these chunks and remove the canary from both tiers; a chunk that also holds readings is kept.

    Returns: the chunks' items, and whether the canary was still in the hot store.
    """
    async with open_tiers(session, twin) as tiers:
        assert tiers.hot is not None
        assert tiers.cold is not None
        found: list[Any] = []
        for key in keys:
            parsed = parse_object_key(key)
            content = exact_loads(decompress(await tiers.cold.read(key), parsed.compression if parsed else "none"))
            found += content
            if [entry["id"] for entry in content] == [stamp]:
                await tiers.cold.delete(key)
        left = await tiers.hot.read_page(device, since=stamp, before=stamp + "\x00")
        still_hot = stamp in left.sort_keys
        for attempt in range(1, DELETE_TRIES + 1):
            if not await tiers.hot.delete_page(left, left.sort_keys, attempt=attempt):
                break
            left = await tiers.hot.read_page(device, since=stamp, before=stamp + "\x00")
        return found, still_hot
