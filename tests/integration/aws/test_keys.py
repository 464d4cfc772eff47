"""Stores that somebody encrypts by a key of their own: left so, and the roles get that key."""

from __future__ import annotations

from typing import Any

import pytest

from l3kit.clouds.aws.names import AwsNames
from l3kit.deploy import apply, plan
from l3kit.errors import ProvisioningError
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, deploy
from tests.support.accounts import aws_of

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def twin(session: Session, make_twin: MakeTwin) -> Twin:
    twin = make_twin("azure", "aws", "aws")
    deploy(twin, session)
    return twin


def _encrypt(s3: Any, bucket: str, key: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def _keys_of(aws: Any, names: AwsNames, function: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    policy = aws("iam").get_role_policy(RoleName=names.role(function), PolicyName="l3kit")["PolicyDocument"]
    return {s["Sid"]: (s["Resource"], tuple(s["Action"])) for s in policy["Statement"] if s["Sid"].endswith("Key")}


@pytest.mark.slow
def test_roles_get_the_keys_of_the_buckets_that_name_one_and_lose_them_again(
    twin: Twin, session: Session, aws: Any
) -> None:
    names, s3, kms = aws_of(session).names(twin.name), aws("s3"), aws("kms")
    cold, archive = (kms.create_key()["KeyMetadata"] for _ in range(2))
    kms.create_alias(AliasName=f"alias/{twin.name}", TargetKeyId=cold["KeyId"])
    _encrypt(s3, names.cold_s3_bucket(), f"alias/{twin.name}")
    _encrypt(s3, names.archive_s3_bucket(), archive["KeyId"])
    wanted = plan(twin, session, clouds={"aws"})
    changed = {(step.kind, step.name) for step in wanted.changes}
    assert changed == {("role", names.role("cold-writer")), ("role", names.role("cold-to-archive-mover"))}
    assert any(f"lacks kms:Decrypt on key/{cold['KeyId']}" in step.reason for step in wanted.changes)
    apply(wanted, session)
    both, new = ("kms:Decrypt", "kms:GenerateDataKey"), ("kms:GenerateDataKey",)
    assert _keys_of(aws, names, "cold-writer") == {"ColdKey": (cold["Arn"], both)}
    assert _keys_of(aws, names, "cold-to-archive-mover") == {
        "ColdKey": (cold["Arn"], both),
        "ArchiveKey": (archive["Arn"], new),
    }
    assert plan(twin, session, clouds={"aws"}).changes == ()
    there = s3.get_bucket_encryption(Bucket=names.cold_s3_bucket())["ServerSideEncryptionConfiguration"]["Rules"]
    assert there[0]["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == f"alias/{twin.name}"
    s3.delete_bucket_encryption(Bucket=names.cold_s3_bucket())
    deploy(twin, session)
    assert _keys_of(aws, names, "cold-writer") == {}
    assert set(_keys_of(aws, names, "cold-to-archive-mover")) == {"ArchiveKey"}


def test_an_alias_of_no_key_stops_the_plan_before_anything_is_made(twin: Twin, session: Session, aws: Any) -> None:
    bucket = aws_of(session).names(twin.name).cold_s3_bucket()
    _encrypt(aws("s3"), bucket, "alias/nobodys")
    with pytest.raises(ProvisioningError, match="alias/nobodys cannot be resolved"):
        plan(twin, session, clouds={"aws"})
    aws("s3").delete_bucket_encryption(Bucket=bucket)
