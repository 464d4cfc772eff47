"""The alarms and subscribers of a twin as they are on Google Cloud: the port `Alarms`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from l3kit.clouds.gcp.cloud import GcpCloud, gcp_in
from l3kit.clouds.gcp.control.alarm_specs import AlarmSpec, alarm_gaps, alarm_specs
from l3kit.clouds.gcp.control.alarm_states import Judgement, Point, judge, read_points
from l3kit.clouds.gcp.control.alarms import policies_of
from l3kit.clouds.gcp.control.channels import channels_of, first_channels
from l3kit.clouds.gcp.control.place import Place
from l3kit.clouds.gcp.control.refusals import explained
from l3kit.clouds.ports.alarms import Alarm, Subscriber, Watch
from l3kit.twin.notify import same, shown

if TYPE_CHECKING:
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.twin.config import Twin

PROVIDER = GcpCloud.provider
ROLE = "roles/monitoring.viewer on the project"
WITHOUT = "this sandbox deploys to Google Cloud without its control plane, which makes alarms"


def _now() -> datetime:
    return datetime.now(UTC)


class MonitoringAlarms:
    """Cloud Monitoring of one project.

    Args:
        clock: the present moment.
    """

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock = clock

    def watch(self, twin: Twin, cloud: Cloud) -> Watch:
        session = gcp_in({PROVIDER: cloud}).session
        specs = alarm_specs(twin, session.names(twin.name), PROVIDER)
        if session.control is None:
            return Watch([_alarm(spec, Judgement("missing", WITHOUT)) for spec in specs], ())
        place = Place(session.control, session.project, session.region)
        with explained(f"alarms of {twin.name}", ROLE):
            there = {str(one["displayName"]) for one in policies_of(place, twin.name, {one.name for one in specs})}
            now = self._clock()
            read = cache(lambda metric, resource, service: tuple(read_points(place, metric, resource, service, now)))
            alarms = [
                _alarm(spec, judge(spec, _points(spec, spec.metric, read), _points(spec, spec.runs, read), now))
                if spec.name in there
                else _alarm(spec, Judgement("missing", "it is not deployed"))
                for spec in specs
            ]
            return Watch(alarms, list(_subscribers(twin, first_channels(channels_of(place, twin.name)))))

    def notes(self, twin: Twin) -> tuple[str, ...]:
        return alarm_gaps(twin, PROVIDER)


def _points(spec: AlarmSpec, metric: str, read: Callable[[str, str, str], Sequence[Point]]) -> Sequence[Point]:
    return read(metric, spec.resource, spec.service) if metric else ()


def _alarm(spec: AlarmSpec, judged: Judgement) -> Alarm:
    return Alarm(spec.name, spec.kind, PROVIDER, spec.mover, judged.state, judged.reason, judged.since)


def _subscribers(twin: Twin, there: Mapping[str, Mapping[str, Any]]) -> Iterator[Subscriber]:
    for address in twin.config.notify:
        found = there.get(same(address))
        waits = found is not None and found.get("verificationStatus") == "UNVERIFIED"
        yield Subscriber(shown(address), PROVIDER, "missing" if found is None else "waits" if waits else "confirmed")


ALARMS = MonitoringAlarms()
"""The alarms of a project, by the clock of this machine."""
