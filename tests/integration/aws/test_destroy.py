"""Destroy removes what carries this twin's tag, its data only when told so, and nothing else."""

from __future__ import annotations

import dataclasses
import json

import pytest

from l3kit.deploy import apply, destroy, plan, plan_destroy
from l3kit.errors import ProvisioningError
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, deploy, exists, write_twin
from tests.support.accounts import aws_of
from tests.support.operators import root_of

pytestmark = pytest.mark.sandbox


@pytest.mark.slow
def test_data_stays_unless_told_otherwise(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin()
    deploy(twin, session)
    bucket = aws_of(session).names(twin.name).cold_s3_bucket()
    for n in range(3):
        aws_of(root_of(session)).client("s3").put_object(Bucket=bucket, Key=f"d/{n}", Body=b"[]", IfNoneMatch="*")
    first = apply(plan_destroy(twin, session), session)
    assert len(first.done) == 16
    assert first.complete
    left = plan_destroy(twin, session)
    assert {step.kind for step in left.steps} == {"table", "bucket"}
    assert {(step.action, step.reason) for step in left.steps} == {("keep", "holds data; removed only with data=True")}
    apply(plan_destroy(twin, session, data=True), session)
    assert plan_destroy(twin, session, data=True).steps == ()
    assert apply(plan_destroy(twin, session, data=True), session).done == ()


@pytest.fixture(scope="module")
def standing(session: Session, make_twin: MakeTwin) -> Twin:
    """A twin that no test takes away."""
    twin = make_twin("gcp", "gcp", "aws")
    deploy(twin, session)
    return twin


@pytest.mark.slow
def test_a_twin_beside_it_is_not_touched(session: Session, make_twin: MakeTwin, standing: Twin) -> None:
    one = make_twin("gcp", "gcp", "aws")
    deploy(one, session)
    wanted = plan_destroy(one, session, data=True)
    assert not wanted.complete
    gap = f"what {one.name} has on gcp is neither shown nor removed: this session has no access to it"
    assert gap in wanted.summary()
    result = apply(wanted, session)
    assert gap in result.summary()
    assert result.to_json()["gaps"][0]["remedy"] == "Connect to gcp as well"
    assert {step.action for step in result.done} == {"delete"}
    assert destroy(one, session, data=True).done == ()
    assert plan(standing, session, clouds={"aws"}).changes == ()


def test_a_resource_of_that_name_without_our_tag_is_refused_and_kept(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin("gcp", "gcp", "aws")
    role = aws_of(session).names(twin.name).role("archive-writer")
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws_of(session).client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=trust)
    with pytest.raises(ProvisioningError, match=f"role {role}: exists without this twin's ownership tag"):
        plan(twin, session, clouds={"aws"})
    wanted = plan_destroy(twin, session, data=True)
    assert [(s.action, s.reason) for s in wanted.steps] == [("keep", "is not this twin's: its tag is missing")]
    apply(wanted, session)
    assert aws_of(session).client("iam").get_role(RoleName=role)


def test_a_bucket_with_data_and_without_our_tag_is_refused_and_kept(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin("gcp", "gcp", "aws")
    s3, bucket = aws_of(root_of(session)).client("s3"), aws_of(session).names(twin.name).archive_s3_bucket()
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="theirs", Body=b"1")
    with pytest.raises(ProvisioningError, match=f"bucket {bucket}: exists without this twin's ownership tag"):
        plan(twin, session, clouds={"aws"})
    apply(plan_destroy(twin, session, data=True), session)
    assert s3.get_object(Bucket=bucket, Key="theirs")


@pytest.mark.slow
def test_the_function_url_and_logs_of_somebody_elses_function_are_kept(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin("gcp", "gcp", "aws")
    deploy(twin, session)
    root = aws_of(root_of(session))
    names, functions, logs = aws_of(session).names(twin.name), root.client("lambda"), root.client("logs")
    name, group = names.function("archive-writer"), names.log_group("archive-writer")
    functions.untag_resource(
        Resource=functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"], TagKeys=["l3kit:twin"]
    )
    arn = f"arn:aws:logs:{aws_of(session).region}:{aws_of(session).account_id}:log-group:{group}"
    logs.untag_resource(resourceArn=arn, tagKeys=["l3kit:twin", "l3kit:managed"])
    wanted = plan_destroy(twin, session, data=True)
    kept = {step.kind for step in wanted.steps if step.action == "keep"}
    assert kept == {"function url", "function", "log group"}
    apply(wanted, session)
    assert functions.get_function_url_config(FunctionName=name)
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]


@pytest.mark.slow
def test_a_protected_hot_table_outlives_destroy_until_the_config_lets_it_go(
    session: Session, make_twin: MakeTwin
) -> None:
    twin = make_twin()
    table = aws_of(session).names(twin.name).hot_dynamodb_table()
    config = json.loads((twin.path / "config.json").read_text())

    def protecting(value: bool) -> Twin:
        (twin.path / "config.json").write_text(json.dumps({**config, "protect_hot_table": value}))
        return Twin.load(twin.path)

    def deploy_table(made: Twin) -> None:
        """Without the rest, which is not protected."""
        whole = plan(made, session)
        apply(dataclasses.replace(whole, steps=tuple(step for step in whole.steps if step.name == table)), session)

    deploy_table(protecting(True))
    aws_of(session).client("dynamodb").update_table(TableName=table, DeletionProtectionEnabled=False)
    changes = {step.name: step.reason for step in plan(protecting(True), session).changes}
    assert changes[table] == "deletion protection is off"
    deploy_table(protecting(True))
    destroy(twin, session, data=True)
    left = plan_destroy(twin, session, data=True)
    assert [(s.name, s.action, s.reason) for s in left.steps] == [(table, "keep", "is protected against deletion")]
    deploy_table(protecting(False))
    destroy(twin, session, data=True)
    assert plan_destroy(twin, session, data=True).steps == ()


@pytest.mark.slow
def test_a_changed_layout_removes_the_writer_it_no_longer_calls_for(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin("azure", "aws", "aws")
    deploy(twin, session)
    assert exists(twin, session, "cold-writer")
    write_twin(twin.path, twin.name, "aws", "aws", "aws", ["pump-1"])
    moved = Twin.load(twin.path)
    wanted = plan(moved, session)
    removed = [(step.kind, step.reason) for step in wanted.steps if step.action == "delete"]
    assert sorted(kind for kind, _ in removed) == ["function", "link token", "log group", "role"]
    assert {reason for _, reason in removed} == {"the layout no longer needs it"}
    apply(wanted, session)
    assert not exists(moved, session, "cold-writer")
    assert plan(moved, session).changes == ()


def test_a_dry_run_removes_nothing(session: Session, standing: Twin) -> None:
    assert plan_destroy(standing, session, data=True).changes
    assert plan(standing, session, clouds={"aws"}).changes == ()
