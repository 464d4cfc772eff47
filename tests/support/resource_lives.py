"""Life cycle of one resource of each kind on AWS: created, compared, changed, repaired and removed by `maker`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from l3kit.clouds.aws.control.provisioner import AwsProvisioner
from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.ports.resources import Resource
from l3kit.session import Session
from l3kit.twin.config import Twin
from l3kit.twin.layout import STORED
from tests.support.accounts import aws_of

ANYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}
)
Aws = Callable[[str], Any]
Break = Callable[[Aws, AwsNames], None]
"""Changes a resource as the account's root."""


@dataclass(frozen=True)
class Life:
    """Kinds of resources in order of creation, their rows (`on`) in the permission table, and a change (drift)."""

    kinds: tuple[str, ...]
    on: tuple[str, ...]
    breaks: Break


def _tables(aws: Aws, names: AwsNames) -> None:
    db, table = aws("dynamodb"), names.journal_dynamodb_table()
    recovery = {"PointInTimeRecoveryEnabled": False}
    db.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=recovery)
    provisioned = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    db.update_table(TableName=table, BillingMode="PROVISIONED", ProvisionedThroughput=provisioned)


def _buckets(aws: Aws, names: AwsNames) -> None:
    s3, bucket = aws("s3"), names.archive_s3_bucket()
    s3.put_object(Bucket=bucket, Key="kept", Body=b"[]")
    s3.create_multipart_upload(Bucket=bucket, Key="unfinished")
    s3.delete_public_access_block(Bucket=bucket)


def _roles(aws: Aws, names: AwsNames) -> None:
    iam, role = aws("iam"), names.role("cold-writer")
    made = iam.create_policy(PolicyName=f"more-{role}", PolicyDocument=ANYTHING)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=made)
    iam.put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=ANYTHING)
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=made)


def _log_groups(aws: Aws, names: AwsNames) -> None:
    aws("logs").put_retention_policy(logGroupName=names.log_group("cold-writer"), retentionInDays=1)


def _functions(aws: Aws, names: AwsNames) -> None:
    client, name = aws("lambda"), names.function("cold-writer")
    client.update_function_configuration(FunctionName=name, Timeout=3)
    code = client.get_function(FunctionName=name)["Configuration"]["CodeSha256"]
    assert code
    client.update_function_code(FunctionName=name, ZipFile=_other_zip())
    client.update_function_url_config(FunctionName=name, AuthType="AWS_IAM")
    client.remove_permission(FunctionName=name, StatementId="FunctionURLInvoke")
    client.add_permission(FunctionName=name, StatementId="more", Action="lambda:InvokeFunction", Principal="*")
    dispatcher = names.function("dispatcher")
    client.put_function_event_invoke_config(FunctionName=dispatcher, MaximumRetryAttempts=0)
    client.remove_permission(FunctionName=dispatcher, StatementId="IotRule")
    aws("iot").disable_topic_rule(ruleName=names.topic_rule())


def _schedules(aws: Aws, names: AwsNames) -> None:
    client, name = aws("scheduler"), names.schedule("cold-to-archive-mover")
    there = client.get_schedule(Name=name, GroupName=f"l3kit-{names.twin_name}")
    kept = ("Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
    client.update_schedule(**{key: there[key] for key in kept}, State="DISABLED")


def _alarms(aws: Aws, names: AwsNames) -> None:
    cloudwatch, sqs = aws("cloudwatch"), aws("sqs")
    name = names.alarm("failed", "cold-to-archive-mover")
    (there,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    kept = ("AlarmName", "Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods", "ComparisonOperator")
    cloudwatch.put_metric_alarm(**{key: there[key] for key in kept}, Threshold=9.0)
    url = sqs.get_queue_url(QueueName=names.missed_starts_queue())["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "60"})


LIVES = {
    "tables": Life(("table",), ("tables", "journal table"), _tables),
    "buckets": Life(("bucket",), ("buckets", "objects"), _buckets),
    "roles": Life(("role",), ("roles",), _roles),
    "log groups": Life(("log group",), ("log groups", "all log groups"), _log_groups),
    "functions": Life(
        ("function", "function url", "failure destination", "topic rule"),
        ("functions", "roles of functions", "topic rule", "all topic rules", "topic rule's role"),
        _functions,
    ),
    "alarms": Life(
        ("topic", "queue", "alarm"),
        ("alarms", "all alarms", "metrics", "alarm topic", "queue of missed starts"),
        _alarms,
    ),
    "schedules": Life(("schedule group", "schedule"), ("schedule group", "schedules", "scheduler's role"), _schedules),
}


def resources(twin: Twin, session: Session) -> list[Resource]:
    """One resource of each kind, in order of creation."""
    cloud = AwsProvisioner(twin, aws_of(session), session.links(twin))
    functions = [part for name in ("cold-writer", "dispatcher") for part in cloud.function_parts(name, tuple)]
    return [*cloud.stores(STORED), *functions, *cloud.alarms(), *cloud.schedules(["cold-to-archive-mover"])]


def live(life: Life, twin: Twin, maker: Session, aws: Aws, names: AwsNames) -> None:
    """Run the life cycle; fails at the first wrong step."""
    its = [resource for resource in resources(twin, maker) if resource.kind in life.kinds]
    for resource in its:
        assert not resource.compare().exists, resource.name
        resource.create()
        finding = resource.compare()
        assert finding.exists, finding
        assert finding.owned, finding
        assert finding.differences == (), finding
    life.breaks(aws, names)
    for resource in its:
        if resource.compare().differences:
            resource.update()
        finding = resource.compare()
        assert finding.owned, finding
        assert finding.differences == (), finding
    for resource in reversed(its):
        resource.delete()
        assert not resource.compare().exists, resource.name


def _other_zip() -> bytes:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("lambda_function.py", "def lambda_handler(event, context): return 1")
    return buffer.getvalue()
