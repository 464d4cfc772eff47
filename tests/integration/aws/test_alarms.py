"""Alarms of a deployed twin in the sandbox: a mover fails, an alarm fires, and whoever subscribed is told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.aws.control.provisioner import AwsProvisioner
from l3kit.clouds.ports.alarms import OF_EXPIRER, OF_MOVERS
from l3kit.deploy import Plan, apply, destroy, plan, plan_destroy
from l3kit.deploy.plan import Action, Step
from l3kit.errors import L3Error, ProvisioningError
from l3kit.operate.alarms.reading import alarm_checks, alarms
from l3kit.operate.movers import run_mover
from l3kit.sandbox import SandboxState
from l3kit.sandbox.firing import fire_schedule
from l3kit.session import Session
from l3kit.tiering.settings.function_table import EXPIRER
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, deploy, save_link
from tests.support.accounts import aws_of
from tests.support.broken_calls import BREAKS, Break, Breaker, LosingAnswers
from tests.support.subscriber import subscriber
from tests.support.waiting import wait_until
from tests.unit.raw_errors.telling import told

pytestmark = pytest.mark.sandbox
HOT = "hot-to-cold-mover"
Aws = Callable[[str], Any]


def watch_of(twin: Twin, session: Session, action: Action) -> Plan:
    """A plan for the alarms alone, with their topic and queue."""
    cloud = AwsProvisioner(twin, aws_of(session), session.links(twin))
    parts = cloud.alarms() if action == "create" else list(reversed(cloud.alarms()))
    steps = tuple(Step(action, one.kind, one.name, "", one) for one in parts)
    return Plan("watch", steps, session.deploy_log(twin), (), destroying=action == "delete", data=True)


def states(session: Session, twin: Twin) -> dict[str, str]:
    return {alarm.name.removeprefix(f"{twin.name}-"): alarm.state for alarm in alarms(session, twin).alarms}


def test_a_mover_that_fails_fires_its_alarm_and_the_subscriber_is_told_why(
    session: Session, make_twin: MakeTwin
) -> None:
    with subscriber() as hook:
        twin = make_twin("aws", "gcp", "gcp", notify=["ops@example.com", hook.url])
        save_link(session, twin, "aws_l3hot_to_gcp_l3cold", "https://cold.example", "a-token")
        cloud = AwsProvisioner(twin, aws_of(session), session.links(twin))
        parts = [*cloud.function_parts(HOT, tuple), *cloud.alarms()]  # without the tables that it needs
        for part in parts:
            part.create()
        with pytest.raises(L3Error, match="journal"):
            session.clouds["aws"].invoke(twin, HOT, {})
        message = hook.wait_for(f"{twin.name}-{HOT}-broke-off", "ALARM")
        assert "l3kit logs has its last lines" in message["AlarmDescription"]
        found = alarms(session, twin)
        assert [alarm.name for alarm in found.firing] == [f"{twin.name}-{HOT}-broke-off"]
        assert states(session, twin)[f"{HOT}-late"] == "ok"
        assert "alarms on gcp" in found.gaps[0].what  # which this session does not reach
        waiting, confirmed = list(alarm_checks(session, twin))
        assert (waiting.subject, waiting.passed, confirmed.passed) == ("ops@example.com", False, True)
        assert "KEY" not in str(found) + json.dumps(found.to_json()) + str(confirmed)
        for part in reversed(parts):
            part.delete()
    assert {alarm.state for alarm in alarms(session, twin).alarms} == {"missing"}


@pytest.mark.slow
def test_a_run_that_moves_nothing_and_one_that_is_fine_again_are_both_told(
    session: Session, make_twin: MakeTwin, aws: Aws
) -> None:
    with subscriber() as hook:
        twin = make_twin(notify=[hook.url])
        deploy(twin, session)
        names = aws_of(session).names(twin.name)
        role, keeps = names.role(HOT), aws("iam")
        policy = keeps.get_role_policy(RoleName=role, PolicyName="l3kit")["PolicyDocument"]
        item = {"iotDeviceId": {"S": "pump-1"}, "id": {"S": "2020-01-01T00:00:00Z"}, "v": {"N": "1"}}
        aws("dynamodb").put_item(TableName=names.hot_dynamodb_table(), Item=item)
        less = [one for one in policy["Statement"] if one["Sid"] != "CreateCold"]
        keeps.put_role_policy(
            RoleName=role, PolicyName="l3kit", PolicyDocument=json.dumps({**policy, "Statement": less})
        )
        assert run_mover(session, twin, HOT).skipped
        assert hook.wait_for(f"{twin.name}-{HOT}-failed", "ALARM")
        assert hook.wait_for(f"{twin.name}-{HOT}-lag", "ALARM")  # the item has been due for years
        keeps.put_role_policy(RoleName=role, PolicyName="l3kit", PolicyDocument=json.dumps(policy))
        time.sleep(61)  # an alarm takes the worst run of a minute
        assert not run_mover(session, twin, HOT).skipped
        for kind in ("failed", "lag"):
            hook.wait_for(f"{twin.name}-{HOT}-{kind}", "OK", 120)
        destroy(twin, session, data=True)


@pytest.mark.slow
def test_an_expirer_that_may_not_look_into_the_archive_fires_its_alarm(
    session: Session, make_twin: MakeTwin, aws: Aws
) -> None:
    with subscriber() as hook:
        twin = make_twin(archive_storage_size_in_days=400, notify=[hook.url])
        deploy(twin, session)
        role, keeps = aws_of(session).names(twin.name).role(EXPIRER), aws("iam")
        policy = keeps.get_role_policy(RoleName=role, PolicyName="l3kit")["PolicyDocument"]
        less = [one for one in policy["Statement"] if "s3:ListBucket" not in one["Action"]]
        assert len(less) < len(policy["Statement"])
        keeps.put_role_policy(
            RoleName=role, PolicyName="l3kit", PolicyDocument=json.dumps({**policy, "Statement": less})
        )
        assert run_mover(session, twin, EXPIRER).verdict == "failed"
        assert hook.wait_for(f"{twin.name}-{EXPIRER}-failed", "ALARM")
        own = {name for name in states(session, twin) if name.startswith(EXPIRER)}
        assert own == {f"{EXPIRER}-{kind}" for kind in OF_EXPIRER}
        destroy(twin, session, data=True)


@pytest.mark.slow
def test_a_start_that_the_scheduler_gives_up_is_in_the_queue_and_fires_its_alarm(
    session: Session, make_twin: MakeTwin, aws: Aws, sandbox: SandboxState
) -> None:
    with subscriber() as hook:
        twin = make_twin("aws", "gcp", "gcp", notify=[hook.url])
        save_link(session, twin, "aws_l3hot_to_gcp_l3cold", "https://cold.example", "a-token")
        deploy(twin, session)
        names = aws_of(session).names(twin.name)
        aws("lambda").delete_function(FunctionName=names.function(HOT))
        with pytest.raises(L3Error, match="in the queue of missed starts"):
            fire_schedule(names.schedule(HOT), names.schedule_group(), home=sandbox.home)
        hook.wait_for(f"{twin.name}-missed-starts", "ALARM")
        url = aws("sqs").get_queue_url(QueueName=names.missed_starts_queue())["QueueUrl"]
        (message,) = aws("sqs").receive_message(QueueUrl=url)["Messages"]
        assert "time" in json.loads(message["Body"])
        destroy(twin, session, data=True)


@pytest.mark.slow
def test_a_dead_letter_fires_its_alarm(session: Session, make_twin: MakeTwin) -> None:
    with subscriber() as hook:
        twin = make_twin(chain=("aws", "aws"), notify=[hook.url])
        deploy(twin, session)
        cloud = session.clouds["aws"]
        cloud.invoke(twin, "dispatcher", b'{"messages": [{"iotDeviceId": "pump-1"}]}')
        assert hook.wait_for(f"{twin.name}-dead-letters", "ALARM")
        destroy(twin, session, data=True)


@pytest.mark.slow
def test_what_the_config_no_longer_asks_for_is_taken_back(session: Session, make_twin: MakeTwin, aws: Aws) -> None:
    twin = make_twin(notify=["ops@example.com", "dev@example.com"])
    deploy(twin, session)
    for file in (session.sandbox_home or Path()).joinpath("inbox").glob("*@example.com.jsonl"):
        for line in file.read_text().splitlines():
            message = json.loads(line)
            if message["Type"] == "SubscriptionConfirmation" and f"{twin.name}-alarms" in message["TopicArn"]:
                aws("sns").confirm_subscription(TopicArn=message["TopicArn"], Token=message["Token"])
    assert [check.passed for check in alarm_checks(session, twin)] == [True, True]
    fewer = changed(twin, notify=["ops@example.com"])
    (step,) = plan(fewer, session).changes
    assert [str(change) for change in step.changes] == ["- subscriber  dev@example.com"]
    deploy(fewer, session)
    assert plan(fewer, session).changes == ()
    silent = changed(twin, notify=[])
    kinds = {(step.action, step.kind) for step in plan(silent, session).changes}
    assert {("delete", "alarms"), ("delete", "topic"), ("delete", "queue"), ("update", "schedule")} <= kinds
    deploy(silent, session)
    assert plan(silent, session).changes == ()
    assert not alarms(session, silent).wanted
    destroy(silent, session, data=True)


def changed(twin: Twin, **config: Any) -> Twin:
    file = twin.path / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **config}))
    return Twin.load(twin.path)


@pytest.mark.parametrize(
    "kind", ["alarm", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("topic", "queue"))]
)
def test_somebody_elses_of_the_same_name_is_refused_and_left_as_it_is(
    kind: str, session: Session, make_twin: MakeTwin, aws: Aws
) -> None:
    twin = make_twin("gcp", "aws", "gcp", alarms=True)
    save_link(session, twin, "aws_l3cold_to_gcp_l3archive", "https://archive.example", "a-token")
    names = aws_of(session).names(twin.name)
    name = names.alarm("failed", "cold-to-archive-mover")
    foreign = {"Namespace": "theirs", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    if kind == "alarm":
        comparison = {"Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
        aws("cloudwatch").put_metric_alarm(AlarmName=name, **foreign, **comparison)
    elif kind == "topic":
        aws("sns").create_topic(Name=names.alarm_topic())
    else:
        aws("sqs").create_queue(QueueName=names.missed_starts_queue())
    with pytest.raises(ProvisioningError, match=f"{kind} .*exists without this twin's ownership tag"):
        plan(twin, session, clouds={"aws"})
    assert not [step for step in plan_destroy(twin, session).steps if step.kind == kind and step.action == "delete"]
    if kind == "alarm":
        (there,) = aws("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
        assert there["Namespace"] == "theirs"


CALLS = {
    *("CreateTopic", "Subscribe", "CreateQueue", "PutMetricData", "PutMetricAlarm"),
    *("DeleteAlarms", "DeleteQueue", "DeleteTopic"),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", BREAKS)
def test_a_watch_is_completed_and_removed_whichever_call_breaks(
    how: Break, session: Session, make_twin: MakeTwin
) -> None:
    twin, breaker = make_twin("gcp", "aws", "gcp", notify=["ops@example.com"]), Breaker(how)
    watched = breaker.watch(session)
    breaker.walk(lambda: apply(watch_of(twin, watched, "create"), watched))
    made = watch_of(twin, session, "create")
    assert len(made.steps) == len(OF_MOVERS) + 3
    for step in made.steps:
        finding = step.resource.compare()
        assert (finding.exists, finding.owned, finding.differences) == (True, True, ()), step.name
    breaker.walk(lambda: apply(watch_of(twin, watched, "delete"), watched))
    assert [step.name for step in made.steps if step.resource.compare().exists] == []
    assert {*breaker.broken} == CALLS
    for error in breaker.errors:
        told(error)


@pytest.mark.slow
def test_a_watch_is_made_and_removed_though_the_answer_to_each_call_is_lost_once(
    session: Session, make_twin: MakeTwin
) -> None:
    twin, losing = make_twin("gcp", "aws", "gcp", notify=["ops@example.com"]), LosingAnswers()
    unlucky = losing.watch(session)
    apply(watch_of(twin, unlucky, "create"), unlucky)
    apply(watch_of(twin, unlucky, "delete"), unlucky)
    assert losing.operations() == CALLS
    wait_until(lambda: not [s for s in watch_of(twin, session, "create").steps if s.resource.compare().exists])
