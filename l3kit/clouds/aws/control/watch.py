"""The alarms and subscribers of a twin as they are on AWS: the port `Alarms`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from l3kit.clouds.aws.cloud import AwsCloud, aws_in
from l3kit.clouds.aws.control.alarm_specs import AlarmSpec, alarm_gaps, alarm_specs
from l3kit.clouds.aws.control.alarms import described, is_owned_alarm
from l3kit.clouds.aws.control.calls import explained
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.topics import is_confirmed, subscribed
from l3kit.clouds.ports.alarms import Alarm, AlarmState, Subscriber, Watch
from l3kit.twin.notify import same, shown

if TYPE_CHECKING:
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.twin.config import Twin

PROVIDER = AwsCloud.provider
_STATES: Mapping[str, AlarmState] = {"OK": "ok", "ALARM": "alarm"}


class CloudWatchAlarms:
    """CloudWatch and SNS of one account and region."""

    def watch(self, twin: Twin, cloud: Cloud) -> Watch:
        session = aws_in({PROVIDER: cloud}).session
        context = Context(session, session.names(twin.name))
        specs = alarm_specs(twin, context.names, PROVIDER)
        with explained(f"alarms of {twin.name}"):
            there = described(context, [spec.name for spec in specs])
            ours = {name: alarm for name, alarm in there.items() if is_owned_alarm(context, alarm)}
            alarms = [_alarm(spec, ours.get(spec.name)) for spec in specs]
            return Watch(alarms, list(_subscribers(twin, subscribed(context, context.names.alarm_topic()))))

    def notes(self, twin: Twin) -> tuple[str, ...]:
        return alarm_gaps(twin, PROVIDER)


def _alarm(spec: AlarmSpec, there: Mapping[str, Any] | None) -> Alarm:
    if there is None:
        return Alarm(spec.name, spec.kind, PROVIDER, spec.mover, "missing", "it is not deployed")
    state = _STATES.get(str(there["StateValue"]), "unknown")
    reason = str(there.get("StateReason", ""))
    return Alarm(spec.name, spec.kind, PROVIDER, spec.mover, state, reason, there.get("StateUpdatedTimestamp"))


def _subscribers(twin: Twin, there: list[dict[str, str]]) -> Iterator[Subscriber]:
    confirmed = {same(one["Endpoint"]): is_confirmed(one) for one in there}
    for address in twin.config.notify:
        found = confirmed.get(same(address))
        yield Subscriber(shown(address), PROVIDER, "missing" if found is None else "confirmed" if found else "waits")


ALARMS = CloudWatchAlarms()
