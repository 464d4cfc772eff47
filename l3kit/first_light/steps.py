"""The steps of first-light, each with its expected finding; any other finding is a failed check."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from l3kit.clouds.ports.first_light import first_light_of
from l3kit.deploy import apply, plan
from l3kit.errors import CheckFailedError, L3Error
from l3kit.first_light.twin import (
    DEVICES,
    DUE_FOR_ARCHIVE,
    DUE_FOR_COLD,
    ITEM_COUNT,
    RECENT,
    cloud_of,
    counted,
    counted_rows,
    items_at,
)
from l3kit.operate.coroutines import run
from l3kit.operate.movers import MoverRun, run_mover
from l3kit.operate.query import QueryResult, query
from l3kit.operate.telemetry import put_telemetry
from l3kit.operate.tier_stores import open_tiers
from l3kit.operate.verify.report import verify
from l3kit.tiering.format.chunks import RESERVED_PREFIX
from l3kit.tiering.ports import ObjectInfo, Tier
from l3kit.twin.layout import MOVERS

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

Tell = Callable[[str], None]
SETTLING_PAUSE = 20.0
"""Seconds between calls of a mover whose permissions may not be in effect yet."""


@dataclass
class Run:
    """One run: its session, twin and time of reference, and the findings of its steps so far.

    Attributes:
        now: time of reference of the movers' runs.
        chunks: the cold tier's objects before they were archived.
        settling: seconds after the deployment in which its permissions may not be in effect yet.
        deployed: when it ended, by the clock.
    """

    session: Session
    twin: Twin
    now: datetime
    tell: Tell
    reports: list[dict[str, Any]] = field(default_factory=list)
    chunks: dict[str, ObjectInfo] = field(default_factory=dict)
    settling: float = 0.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    deployed: float = 0.0


def deploy(run: Run) -> str:
    """Create everything with one apply."""
    wanted = plan(run.twin, run.session)
    shared = first_light_of(cloud_of(run.twin)).shared_kinds
    old = [step for step in wanted.steps if step.action != "create" and step.kind not in shared]
    strange = [f"{step.action} {step.kind} {step.name}" for step in old]
    _must(not strange, "the plan", f"everything is new, but: {', '.join(strange)}")
    done = apply(wanted, run.session, progress=lambda at, count, text: run.tell(f"  {at} of {count}: {text}"))
    run.deployed = run.clock()
    return "; ".join([done.summary(), *wanted.notes])


def plan_again(run: Run) -> str:
    """Check that a second plan changes nothing."""
    wanted = plan(run.twin, run.session)
    changes = [f"{step.action} {step.kind}: {step.reason}" for step in wanted.changes]
    _must(not changes, "the second plan", f"would change something: {', '.join(changes)}")
    return wanted.summary()


def check_functions(run: Run) -> str:
    """Check that all functions and schedules are in their desired state."""
    report = verify(run.session, run.twin, canary=False)
    failed = [f"{check.subject}: {check.seen} ({check.hint})" for check in report.failed]
    _must(not failed, "verification", "; ".join(failed))
    return report.summary()


def load(run: Run) -> str:
    """Put the items into the hot tier."""
    readings = [(device, item) for device, items in items_at(run.now).items() for item in items]
    return f"{put_telemetry(run.session, run.twin, readings)} items"


def read_hot(run: Run) -> str:
    """Check that all items come back, each once, equal to the last digit."""
    return _exact(run, {"hot": ITEM_COUNT})


def move_to_cold(run: Run) -> str:
    """Run the deployed mover on the items due for the cold tier."""
    return _moved(run, MOVERS[0], chunks=len(DEVICES), items=DUE_FOR_ARCHIVE + DUE_FOR_COLD)


def read_both(run: Run) -> str:
    """Check that all items come back, each from its tier, and note the chunks for the archive."""
    counted = _exact(run, {"hot": RECENT * len(DEVICES), "cold": DUE_FOR_ARCHIVE + DUE_FOR_COLD})
    run.chunks = _objects(run, "cold")
    _must(len(run.chunks) == len(DEVICES), "the cold tier", f"holds {len(run.chunks)} chunks, not {len(DEVICES)}")
    return counted


def move_to_archive(run: Run) -> str:
    """Run the deployed mover on the chunks due for the archive."""
    return _moved(run, MOVERS[1], chunks=1, items=DUE_FOR_ARCHIVE)


def read_all(run: Run) -> str:
    """Check that archived chunks have the cold tier's digests, and that the query reads or asks to restore them."""
    archived, cold = _objects(run, "archive"), _objects(run, "cold")
    keys = sorted([*archived, *cold])
    _must(keys == sorted(run.chunks), "cold tier and archive", f"hold {keys}, not {sorted(run.chunks)}")
    for key, info in archived.items():
        same = (info.sha256, info.size) == (run.chunks[key].sha256, run.chunks[key].size)
        _must(same and bool(info.sha256), f"archived chunk {key}", "is not what the cold tier held")
    at_once = first_light_of(cloud_of(run.twin)).archive_answers
    missing = [part.key for result in _results(run) for part in result.missing]
    _must(missing == ([] if at_once else list(archived)), "the query", f"names {missing} as missing")
    tiers = {"hot": RECENT * len(DEVICES), "cold": DUE_FOR_COLD, **({"archive": DUE_FOR_ARCHIVE} if at_once else {})}
    counted = _exact(run, tiers, without=0 if at_once else DUE_FOR_ARCHIVE)
    classes = ", ".join(sorted({str(info.storage_class) for info in archived.values()}))
    return f"{counted}; {len(archived)} chunk in {classes}, its digest as before"


def move_again(run: Run) -> str:
    """Check that a second run of each mover moves nothing."""
    return "; ".join([_moved(run, mover, chunks=0, items=0) for mover in MOVERS])


STEPS: tuple[tuple[str, Callable[[Run], str]], ...] = (
    ("deploy", deploy),
    ("plan again", plan_again),
    ("check functions and schedules", check_functions),
    ("load items", load),
    ("read them", read_hot),
    ("move to the cold tier", move_to_cold),
    ("read both tiers", read_both),
    ("move to the archive", move_to_archive),
    ("look at all tiers", read_all),
    ("move again", move_again),
    ("plan after the moves", plan_again),
)
"""In this order; destroying and looking for remaining resources always follow."""


def _moved(run: Run, mover: str, *, chunks: int, items: int) -> str:
    moved = _mover_run(run, mover)
    run.reports += [dict(report) for report in moved.reports]
    reasons = "; ".join(f"{skip['key']}: {skip['reason']}" for skip in moved.skipped)
    found = (moved.verdict, moved.total("chunks"), moved.total("items"))
    _must(
        found == ("complete", chunks, items),
        mover,
        f"{moved.summary()}, not {items} items in {chunks} chunks {reasons}",
    )
    return moved.summary()


def _mover_run(run: Run, mover: str) -> MoverRun:
    """Run a mover; again while its permissions, or those to call it, may not be in effect yet."""
    while True:
        try:
            moved = run_mover(run.session, run.twin, mover, time=run.now)
        except L3Error as error:
            if run.clock() - run.deployed >= run.settling:
                raise
            reason = str(error)
        else:
            if moved.verdict == "complete" or run.clock() - run.deployed >= run.settling:
                return moved
            reason = moved.summary()
        run.tell(f"  {reason}; permissions take effect late, trying again in {SETTLING_PAUSE:g} s")
        run.sleep(SETTLING_PAUSE)


def _results(run: Run) -> list[QueryResult]:
    return [query(run.session, run.twin, device) for device in DEVICES]


def _exact(run: Run, wanted: dict[str, int], *, without: int = 0) -> str:
    """Check that every item is found once, equal, and in its tier, except `without` archived ones of device 1."""
    items = items_at(run.now)
    items[DEVICES[0]] = items[DEVICES[0]][without:]
    for result in _results(run):
        there, put = counted_rows(result.rows), counted(items[result.device_id])
        _must(
            there == put and not result.duplicates,
            f"device {result.device_id}",
            f"{(put - there).total()} items are missing, {(there - put).total()} are altered or too many, "
            f"{result.duplicates} doubled",
        )
    tiers = [row["tier"] for result in _results(run) for row in result.rows]
    found = {tier: tiers.count(tier) for tier in ("hot", "cold", "archive") if tier in tiers}
    _must(found == wanted, "items by tier", f"{found}, not {wanted}")
    return ", ".join(f"{count} items in {tier}" for tier, count in found.items()) + ", each once and equal"


def _objects(run_: Run, tier: Tier) -> dict[str, ObjectInfo]:
    async def look() -> dict[str, ObjectInfo]:
        async with open_tiers(run_.session, run_.twin) as tiers:
            store = tiers.cold if tier == "cold" else tiers.archive
            assert store is not None
            keys = [info.key async for info in store.list() if not info.key.startswith(RESERVED_PREFIX)]
            heads = {key: await store.head(key) for key in keys}
            return {key: info for key, info in heads.items() if info is not None}

    return run(look())


def _must(holds: bool, what: str, found: str) -> None:
    if not holds:
        raise CheckFailedError(what, found, "See the report; nothing of this was real data")
