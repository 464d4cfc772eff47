"""Runs the steps and, whatever their outcome, destroys the twin and looks for remaining resources."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from l3kit.clouds.ports.first_light import first_light_of
from l3kit.deploy import destroy, plan_destroy
from l3kit.errors import L3Error
from l3kit.first_light.report import Report, StepReport, Verdict, last_four
from l3kit.first_light.steps import STEPS, Run, Tell
from l3kit.first_light.twin import cloud_of

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

PAUSES = (5.0, 15.0, 30.0)
"""Seconds between tries to destroy and to list the rest.

A table that is still being created cannot be removed yet, and a removed resource may still be listed for some seconds.
"""
log = logging.getLogger(__name__)


@dataclass
class _Steps:
    """The steps done so far, and the cloud's calls of the current step."""

    tell: Tell
    clock: Callable[[], float]
    done: list[StepReport] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)

    def run(self, name: str, step: Callable[[], str]) -> bool:
        """Run a step, record its outcome, return whether it succeeded. Raises: KeyboardInterrupt, once recorded."""
        self.calls.clear()
        started = self.clock()
        try:
            self.tell(name)
            found = step()
        except L3Error as error:
            return self._note(name, "failed", started, str(error))
        except KeyboardInterrupt:
            self._note(name, "interrupted", started, "interrupted")
            raise
        except Exception as error:
            log.exception("%s ended unexpectedly", name)
            return self._note(name, "failed", started, f"unexpected {type(error).__name__}: {error}")
        return self._note(name, "done", started, found)

    def _note(self, name: str, verdict: str, started: float, found: str) -> bool:
        seconds = round(self.clock() - started, 3)
        self.done.append(StepReport(name, verdict, seconds, found, dict(sorted(self.calls.items()))))  # type: ignore[arg-type]
        return verdict == "done"


def first_light(
    session: Session,
    twin: Twin,
    *,
    estimated_usd: str,
    clean_up: str,
    tell: Tell,
    keep_on_failure: bool = False,
    steps: Sequence[tuple[str, Callable[[Run], str]]] = STEPS,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> Report:
    """Run all steps until one fails; then destroy and look for remaining resources. Never raises for a failed step.

    Args:
        clean_up: the command that removes what this run could not remove.
        tell: called with a line of text as each step begins; it may raise an interruption.
        keep_on_failure: keep the resources if a step fails or is interrupted.
    """
    cloud = cloud_of(twin)
    began, started = now().replace(microsecond=0), clock()
    noted = _Steps(tell, clock)
    light, reached = first_light_of(cloud), session.clouds[cloud]
    account = light.account(reached)
    light.watch_calls(reached, lambda name: noted.calls.update([name]))
    work = Run(session, twin, began, tell, settling=light.settling_seconds, clock=clock, sleep=sleep)
    verdict: Verdict = "failed"
    try:
        if all(noted.run(name, partial(step, work)) for name, step in steps):
            verdict = "passed"
    except KeyboardInterrupt:
        verdict = "interrupted"
    left = _after(noted, session, twin, sleep, keep=keep_on_failure and verdict != "passed")
    if left != ():
        verdict = "left over"
    return Report(
        cloud=cloud,
        verdict=verdict,
        target=session.target,
        region=account.region,
        account=last_four(account.account_id),
        twin=twin.name,
        started=began.isoformat(),
        finished=now().isoformat(timespec="seconds"),
        seconds=round(clock() - started, 1),
        estimated_usd=estimated_usd,
        steps=tuple(noted.done),
        movers=tuple(work.reports),
        left=left,
        clean_up=clean_up if left != () else "",
        kept=_kept(session, twin),
    )


def remove(session: Session, twin: Twin, tell: Tell, sleep: Callable[[float], None] = time.sleep) -> tuple[str, ...]:
    """Destroy all that an earlier run may have left. Returns: resources that remain. Raises: L3Error."""
    _destroy(session, twin, tell, sleep)
    return tuple(_remaining(session, twin, sleep))


def _kept(session: Session, twin: Twin) -> tuple[str, ...]:
    """Return the list of the cloud's own leftovers; empty if they cannot be listed."""
    cloud = cloud_of(twin)
    try:
        return tuple(first_light_of(cloud).kept(session.clouds[cloud], twin))
    except (L3Error, KeyboardInterrupt):
        return ()


def what_is_there(session: Session, twin: Twin) -> list[str]:
    """All that carries this twin's names, whoever owns it: stores, functions, roles, logs, schedules."""
    found = [f"{step.kind} {step.name}" for step in plan_destroy(twin, session, data=True).steps]
    cloud = cloud_of(twin)
    return sorted({*found, *first_light_of(cloud).left_behind(session.clouds[cloud], twin)})


def _after(
    steps: _Steps, session: Session, twin: Twin, sleep: Callable[[float], None], *, keep: bool
) -> tuple[str, ...] | None:
    """Clean up, and look for remaining resources. Returns: what remains; None if that could not be listed."""
    seen: list[str] = []

    def look() -> str:
        seen[:] = what_is_there(session, twin) if keep else _remaining(session, twin, sleep)
        return ", ".join(seen) or "nothing"

    try:
        if not keep:
            steps.run("destroy", lambda: _settled_and_destroyed(session, twin, steps.tell, sleep))
        if not steps.run("look for what is left", look):
            return None
    except KeyboardInterrupt:  # a second one: somebody wants to be out of here
        return None
    return tuple(seen)


def _settled_and_destroyed(session: Session, twin: Twin, tell: Tell, sleep: Callable[[float], None]) -> str:
    cloud = cloud_of(twin)
    first_light_of(cloud).settle(session.clouds[cloud])
    return _destroy(session, twin, tell, sleep)


def _destroy(session: Session, twin: Twin, tell: Tell, sleep: Callable[[float], None]) -> str:
    for pause in (*PAUSES, None):
        try:
            return destroy(
                twin, session, data=True, progress=lambda at, count, text: tell(f"  {at} of {count}: {text}")
            ).summary()
        except L3Error as error:
            if pause is None:
                raise
            tell(f"  {error}; trying again in {pause:g} s")
            sleep(pause)
    raise AssertionError


def _remaining(session: Session, twin: Twin, sleep: Callable[[float], None]) -> list[str]:
    found = what_is_there(session, twin)
    for pause in PAUSES:
        if not found:
            break
        sleep(pause)
        found = what_is_there(session, twin)
    return found
