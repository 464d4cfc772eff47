"""What somebody changed by hand shows in the plan, with its reason, and apply repairs it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from l3kit.clouds.aws.control.context import url_answers
from l3kit.deploy import apply, plan
from l3kit.operate.verify.report import verify
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, deploy, saved_links
from tests.support.accounts import aws_of

pytestmark = pytest.mark.sandbox
OPEN_POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
)


@pytest.fixture(scope="module")
def twin(session: Session, make_twin: MakeTwin) -> Twin:
    twin = make_twin("azure", "aws", "aws")
    deploy(twin, session)
    return twin


@pytest.fixture(scope="module")
def with_tables(session: Session, make_twin: MakeTwin) -> Twin:
    twin = make_twin()
    deploy(twin, session)
    return twin


def _edit_lifecycle(s3: Any, bucket: str) -> None:
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    for rule in rules:
        if "Expiration" in rule:
            rule["Expiration"] = {"Days": 3650}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})


def _attach(iam: Any, role: str) -> None:
    made = iam.create_policy(PolicyName=f"further-{role}", PolicyDocument=OPEN_POLICY)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=made)


def _limit(iam: Any, role: str) -> None:
    made = iam.create_policy(PolicyName=f"limit-{role}", PolicyDocument=OPEN_POLICY)["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=made)


def _trust_anybody(iam: Any, role: str) -> None:
    document = json.loads(OPEN_POLICY)
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps({**document, "Statement": [statement]}))


def _allow_overwriting(s3: Any, bucket: str) -> None:
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    policy["Statement"] = [one for one in policy["Statement"] if one["Sid"] != "CreateOnly"]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def _run_by_another_clock(scheduler: Any, name: str, group: str) -> None:
    there = scheduler.get_schedule(Name=name, GroupName=group)
    kept = {key: there[key] for key in ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")}
    scheduler.update_schedule(**kept, State="ENABLED", ScheduleExpressionTimezone="Asia/Tokyo")


def _change_code(functions: Any, name: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("lambda_function.py", "def lambda_handler(event, context): return 1")
    functions.update_function_code(FunctionName=name, ZipFile=buffer.getvalue())


Break = tuple[str, Callable[[Any, Any], Any], str]
ROUNDS: list[dict[str, Break]] = [
    {
        "a changed variable": (
            "lambda",
            lambda c, n: c.update_function_configuration(
                FunctionName=n.function("cold-writer"),
                Environment={"Variables": {"COLD_S3_BUCKET_NAME": "other", "DIGITAL_TWIN_INFO": "x", "EXTRA": "1"}},
            ),
            "variable COLD_S3_BUCKET_NAME differs; variable DIGITAL_TWIN_INFO differs; variable EXTRA is unexpected; "
            "variable INTER_CLOUD_TOKEN is missing",
        ),
        "and with it the link's token": ("lambda", lambda c, n: None, "missing"),
        "changed settings": (
            "lambda",
            lambda c, n: c.update_function_configuration(
                FunctionName=n.function("cold-to-archive-mover"), Timeout=3, MemorySize=128
            ),
            "its memory is 128 MB, not 1024 MB; its timeout is 3 s, not 900 s",
        ),
        "a deleted url permission": (
            "lambda",
            lambda c, n: c.remove_permission(FunctionName=n.function("cold-writer"), StatementId="FunctionURLInvoke"),
            "permission FunctionURLInvoke is missing",
        ),
        "an edited role policy": (
            "iam",
            lambda c, n: c.put_role_policy(
                RoleName=n.role("cold-writer"), PolicyName="l3kit", PolicyDocument=OPEN_POLICY
            ),
            "also allows s3:* on *",
        ),
        "a permissions boundary": (
            "iam",
            lambda c, n: _limit(c, n.role("cold-to-archive-mover")),
            "has a permissions boundary: arn:aws:iam::123456789012:policy/limit-",
        ),
        "a changed trust": (
            "iam",
            lambda c, n: _trust_anybody(c, n.scheduler_role()),
            "its trust policy differs",
        ),
        "a deleted schedule": (
            "scheduler",
            lambda c, n: c.delete_schedule(Name=n.schedule("cold-to-archive-mover"), GroupName=f"l3kit-{n.twin_name}"),
            "missing",
        ),
        "removed public access block": (
            "s3",
            lambda c, n: c.delete_public_access_block(Bucket=n.cold_s3_bucket()),
            "public access is not blocked",
        ),
        "a deleted lifecycle": (
            "s3",
            lambda c, n: c.delete_bucket_lifecycle(Bucket=n.archive_s3_bucket()),
            "incomplete uploads do not expire",
        ),
        "changed log retention": (
            "logs",
            lambda c, n: c.put_retention_policy(logGroupName=n.log_group("cold-writer"), retentionInDays=1),
            "keeps logs for 1 days",
        ),
    },
    {
        "a deleted function": (
            "lambda",
            lambda c, n: c.delete_function(FunctionName=n.function("cold-to-archive-mover")),
            "missing",
        ),
        "a further url permission": (
            "lambda",
            lambda c, n: c.add_permission(
                FunctionName=n.function("cold-writer"),
                StatementId="open",
                Action="lambda:InvokeFunction",
                Principal="*",
            ),
            "has further permissions: open",
        ),
        "a further role policy": (
            "iam",
            lambda c, n: c.put_role_policy(
                RoleName=n.role("cold-writer"), PolicyName="more", PolicyDocument=OPEN_POLICY
            ),
            "has further policies: more",
        ),
        "an attached role policy": (
            "iam",
            lambda c, n: _attach(c, n.role("cold-to-archive-mover")),
            "has further policies: arn:aws:iam::123456789012:policy/further-",
        ),
        "a bucket whose objects may be overwritten": (
            "s3",
            lambda c, n: _allow_overwriting(c, n.cold_s3_bucket()),
            "its policy allows objects to be overwritten",
        ),
        "a bucket that keeps no versions any more": (
            "s3",
            lambda c, n: c.put_bucket_versioning(
                Bucket=n.archive_s3_bucket(), VersioningConfiguration={"Status": "Suspended"}
            ),
            "versioning is off",
        ),
    },
    {
        "a deleted url": (
            "lambda",
            lambda c, n: c.delete_function_url_config(FunctionName=n.function("cold-writer")),
            "missing",
        ),
        "a deleted role policy": (
            "iam",
            lambda c, n: c.delete_role_policy(RoleName=n.role("cold-writer"), PolicyName="l3kit"),
            "its policy is missing",
        ),
        "a deleted bucket policy": (
            "s3",
            lambda c, n: c.delete_bucket_policy(Bucket=n.cold_s3_bucket()),
            "its policy does not deny plain http",
        ),
        "an edited lifecycle": (
            "s3",
            lambda c, n: _edit_lifecycle(c, n.archive_s3_bucket()),
            "incomplete uploads do not expire",
        ),
        "a schedule by another clock": (
            "scheduler",
            lambda c, n: _run_by_another_clock(c, n.schedule("cold-to-archive-mover"), f"l3kit-{n.twin_name}"),
            "its time zone is Asia/Tokyo, not UTC",
        ),
        "changed code": (
            "lambda",
            lambda c, n: _change_code(c, n.function("cold-to-archive-mover")),
            "its code differs",
        ),
    },
]


@pytest.mark.parametrize(
    "breaks",
    [
        pytest.param(breaks, id=f"{len(breaks)} changes", marks=[pytest.mark.slow] * (breaks is not ROUNDS[0]))
        for breaks in ROUNDS
    ],
)
def test_drift_shows_in_the_plan_and_is_repaired(
    breaks: dict[str, Break], twin: Twin, session: Session, aws: Any
) -> None:
    for service, break_it, _ in breaks.values():
        break_it(aws(service), aws_of(session).names(twin.name))
    _show_and_are_repaired(twin, session, *(reason for _, _, reason in breaks.values()))


@pytest.mark.slow
def test_a_disabled_schedule_shows_and_is_repaired(twin: Twin, session: Session, aws: Any) -> None:
    client, names = aws("scheduler"), aws_of(session).names(twin.name)
    there = client.get_schedule(Name=names.schedule("cold-to-archive-mover"), GroupName=f"l3kit-{twin.name}")
    kept = ("Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
    client.update_schedule(**{key: there[key] for key in kept}, State="DISABLED")
    failed = verify(session, twin, clouds=["aws"], canary=False).failed
    assert {(check.group, check.seen) for check in failed} == {("schedules", "off"), ("drift", "update")}
    _show_and_are_repaired(twin, session, "it is disabled")


@pytest.mark.slow
def test_a_repaired_bucket_keeps_the_tags_that_somebody_chose(twin: Twin, session: Session, aws: Any) -> None:
    s3, bucket = aws("s3"), aws_of(session).names(twin.name).cold_s3_bucket()
    tags = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    own = {"Key": "cost-centre", "Value": "42"}
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [*tags, own]})
    s3.delete_bucket_policy(Bucket=bucket)
    _show_and_are_repaired(twin, session, "its policy does not deny plain http")
    assert own in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]


@pytest.mark.slow
def test_a_url_is_awaited_until_the_function_itself_answers(twin: Twin, session: Session, aws: Any) -> None:
    name = aws_of(session).names(twin.name).function("cold-writer")
    (connection,) = saved_links(session, twin).values()
    assert url_answers(connection.url)
    aws("lambda").remove_permission(FunctionName=name, StatementId="FunctionURLInvoke")
    assert not url_answers(connection.url)
    _show_and_are_repaired(twin, session, "permission FunctionURLInvoke is missing")
    assert url_answers(connection.url)
    assert not url_answers("http://127.0.0.1:9/")


@pytest.mark.slow
def test_recovery_and_expiry_that_were_switched_off_show_and_are_repaired(
    with_tables: Twin, session: Session, aws: Any
) -> None:
    client, names = aws("dynamodb"), aws_of(session).names(with_tables.name)
    client.update_continuous_backups(
        TableName=names.hot_dynamodb_table(), PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    client.update_time_to_live(
        TableName=names.journal_dynamodb_table(),
        TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires_at"},
    )
    wanted = plan(with_tables, session)
    reasons = [step.reason for step in wanted.changes]
    assert reasons == ["point-in-time recovery is off", "TTL for old reports is off"]
    apply(wanted, session)
    assert plan(with_tables, session).changes == ()


def _show_and_are_repaired(twin: Twin, session: Session, *reasons: str) -> None:
    wanted = plan(twin, session, clouds={"aws"})
    told = [step.reason for step in wanted.changes]
    for reason in reasons:
        assert any(reason in one for one in told), (reason, str(wanted))
    assert len(told) == len(reasons), str(wanted)
    (token,) = [c.token for c in saved_links(session, twin).values()]
    assert token not in str(wanted) + repr(wanted) + wanted._repr_html_() + json.dumps(wanted.to_json())
    apply(wanted, session)
    left = plan(twin, session, clouds={"aws"})
    assert left.changes == (), str(left)
