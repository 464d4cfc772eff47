"""The permissions that docs and preflight list are enough: every call of a deployment's whole life is in the list."""

from __future__ import annotations

import json
from typing import Any

import pytest

from l3kit.clouds.aws.provisioning import REQUIRED_PERMISSIONS
from l3kit.clouds.aws.session import AwsSession, open_sandbox
from l3kit.provisioning import destroy, plan
from l3kit.session import Session
from l3kit.twin import Twin
from tests.integration.aws.conftest import MakeTwin, deploy, write_twin

pytestmark = pytest.mark.sandbox
NAMED_OTHERWISE = {
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
"""API operations whose IAM action has another name (AWS service authorization reference)."""


def watched(session: Session, seen: set[str]) -> Session:
    aws = open_sandbox(str(session.aws.endpoint_url), session.aws.region)

    def note(model: Any, **_: Any) -> None:
        action = f"{model.service_model.signing_name}:{model.name}"
        seen.add(NAMED_OTHERWISE.get(action, action))

    aws._boto.events.register("before-call", note)
    return Session("sandbox", AwsSession(aws.region, aws.account_id, aws.endpoint_url, aws._boto), session.sandbox_home)


def test_every_call_of_a_deployments_life_is_among_the_permissions(session: Session, make_twin: MakeTwin) -> None:
    twin, seen = make_twin("azure", "aws", "aws"), set[str]()
    operator = watched(session, seen)
    deploy(twin, operator)
    names = session.aws_names(twin)
    session.aws.client("s3").put_object(Bucket=names.cold_s3_bucket(), Key="d/1", Body=b"[]")
    write_twin(twin.path, twin.name, "aws", "aws", "aws", ["pump-1"])  # the writer goes, tables come
    moved = Twin.load(twin.path)
    deploy(moved, operator)
    session.aws.client("lambda").update_function_configuration(FunctionName=names.function("hot-reader"), Timeout=3)
    strange = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    session.aws.client("iam").put_role_policy(
        RoleName=names.role("hot-reader"),
        PolicyName="more",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [strange]}),
    )
    session.aws.client("scheduler").delete_schedule(
        Name=names.schedule("hot-to-cold-mover"), GroupName=f"l3kit-{twin.name}"
    )
    deploy(moved, operator)
    assert plan(moved, operator).changes == ()
    destroy(moved, operator, data=True)
    allowed = {f"{service}:{name}" for service, its in REQUIRED_PERMISSIONS["layer_3"].items() for name in its}
    assert seen <= allowed, sorted(seen - allowed)
    assert len(seen) > 40
