"""Read the alarms of a twin from its clouds; for `verify`, check that each address is confirmed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from l3kit.clouds.ports.alarms import Alarm, Subscriber, alarms_of
from l3kit.clouds.ports.checks import Check
from l3kit.deploy.alarm_notes import unwatched, watched_clouds
from l3kit.errors import REPAIR, L3Error
from l3kit.notebook.gaps import Gap, unreached
from l3kit.operate.alarms.report import CONFIRM, STATES, WAITS, AlarmsReport

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

GROUP = "alarms"


def alarms(session: Session, twin: Twin) -> AlarmsReport:
    """Return the state of each alarm with its reason, those that fire first, and who is notified. Only reads.

    A cloud that has no alarms yet, is not reached or cannot be read is a gap.

    Raises: SandboxError if the sandbox has ended.
    """
    session.check_alive()
    if not twin.has_alarms:
        return AlarmsReport(twin.name, (), wanted=False)
    found: list[Alarm] = []
    subscribers: list[Subscriber] = []
    notes: list[str] = []
    gaps: list[Gap] = []
    for name in watched_clouds(twin):
        service, cloud = alarms_of(name), session.cloud(name)
        if service is None:
            gaps.append(Gap("", *unwatched(twin, name), uncounted=False))
            continue
        notes += service.notes(twin)
        if cloud is None:
            gaps.append(unreached("", name, f"alarms on {name}"))
            continue
        try:
            watch = service.watch(twin, cloud)
        except L3Error as error:
            session.check_alive()
            gaps.append(Gap("", f"alarms on {name}", error.cause, error.remedy))
            continue
        found += watch.alarms
        subscribers += watch.subscribers
    found.sort(key=lambda alarm: STATES.index(alarm.state))
    return AlarmsReport(twin.name, tuple(found), tuple(subscribers), tuple(notes), tuple(gaps))


def alarm_checks(session: Session, twin: Twin, clouds: Collection[str] = ()) -> Iterator[Check]:
    """Check that each address that alarms are sent to has been confirmed; none for a twin without alarms.

    Args:
        clouds: check only these; empty is all.
    """
    for name in watched_clouds(twin) if twin.has_alarms else ():
        service, cloud = alarms_of(name), session.cloud(name)
        if service is None or cloud is None or (clouds and name not in clouds):
            continue
        for one in service.watch(twin, cloud).subscribers:
            hint = {"confirmed": "", "waits": CONFIRM, "missing": REPAIR}[one.state]
            seen = {"confirmed": "confirmed", "waits": WAITS, "missing": "missing"}[one.state]
            yield Check(GROUP, one.address, "confirmed", seen, one.state == "confirmed", hint)
