"""A bucket's policy, and permissions of objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import ACCOUNT_ID
from tests.integration.sandbox.aws.callers import give, make_role, refusal
from tests.integration.sandbox.aws.calls import Aws
from tests.support import aws_callers as callers
from tests.support.aws_callers import allow, deny, document

pytestmark = pytest.mark.sandbox


# --- buckets


def test_a_missing_object_is_told_to_those_who_may_list(aws: Aws, sandbox: SandboxState, bucket: str) -> None:
    objects, listing = (
        allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"),
        allow("s3:ListBucket", f"arn:aws:s3:::{bucket}"),
    )
    blind, seeing = (callers.user(sandbox, *s)[1].client("s3") for s in ((objects,), (objects, listing)))
    assert blind.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    for client, status, code in ((blind, 403, "AccessDenied"), (seeing, 404, "NoSuchKey")):
        assert refusal(lambda client=client: client.head_object(Bucket=bucket, Key="none"))[0] == status
        assert refusal(lambda client=client: client.get_object(Bucket=bucket, Key="none"))[:2] == (status, code)
    assert refusal(lambda: blind.head_bucket(Bucket=bucket))[0] == 403
    assert refusal(lambda: blind.head_bucket(Bucket="there-is-none-of-this-name"))[0] == 404


def test_a_batch_of_deletes_is_judged_key_by_key(aws: Aws, sandbox: SandboxState, bucket: str) -> None:
    aws("s3").put_object(Bucket=bucket, Key="tmp/<a>&b", Body=b"x")
    _, ann = callers.user(sandbox, allow("s3:DeleteObject", f"arn:aws:s3:::{bucket}/tmp/*"))
    wanted = {"Objects": [{"Key": "k"}, {"Key": "tmp/<a>&b"}]}
    answer = ann.client("s3").delete_objects(Bucket=bucket, Delete=wanted)
    assert [deleted["Key"] for deleted in answer["Deleted"]] == ["tmp/<a>&b"]
    assert [(error["Key"], error["Code"]) for error in answer["Errors"]] == [("k", "AccessDenied")]
    none = ann.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})
    assert ("Deleted" in none, len(none["Errors"])) == (False, 1)
    assert [found["Key"] for found in aws("s3").list_objects_v2(Bucket=bucket)["Contents"]] == ["k"]


def test_a_copy_needs_both_ends(aws: Aws, sandbox: SandboxState, bucket: str) -> None:
    source, target = (
        allow("s3:GetObject", f"arn:aws:s3:::{bucket}/k"),
        allow("s3:PutObject", f"arn:aws:s3:::{bucket}/c"),
    )
    listing = allow("s3:ListBucket")
    copy = {"Bucket": bucket, "Key": "c", "CopySource": {"Bucket": bucket, "Key": "k"}}
    _, ann = callers.user(sandbox, source, target)
    ann.client("s3").copy_object(**copy)
    for statements, action in (((source,), "s3:PutObject"), ((target, listing), "s3:GetObject")):
        client = callers.user(sandbox, *statements)[1].client("s3")
        assert f"to perform: {action} on" in refusal(lambda client=client: client.copy_object(**copy))[2]


def test_a_bucket_that_takes_only_new_objects(aws: Aws, sandbox: SandboxState, bucket: str) -> None:
    create_only = deny(
        "s3:PutObject", f"arn:aws:s3:::{bucket}/*", Principal="*",
        Condition={"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
    )  # fmt: skip
    no_http = deny(
        "s3:*", f"arn:aws:s3:::{bucket}/*", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}}
    )
    aws("s3").put_bucket_policy(Bucket=bucket, Policy=document(create_only, no_http))
    s3 = aws("s3")
    assert refusal(lambda: s3.put_object(Bucket=bucket, Key="n", Body=b"1"))[:2] == (403, "AccessDenied")
    s3.put_object(Bucket=bucket, Key="n", Body=b"1", IfNoneMatch="*")
    assert refusal(lambda: s3.put_object(Bucket=bucket, Key="n", Body=b"2", IfNoneMatch="*"))[0] == 412
    assert refusal(lambda: s3.copy_object(Bucket=bucket, Key="m", CopySource=f"{bucket}/n"))[0] == 403
    upload = s3.create_multipart_upload(Bucket=bucket, Key="u")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="u", UploadId=upload, PartNumber=1, Body=b"1")["ETag"]
    done = {
        "Bucket": bucket,
        "Key": "u",
        "UploadId": upload,
        "MultipartUpload": {"Parts": [{"ETag": part, "PartNumber": 1}]},
    }
    assert refusal(lambda: s3.complete_multipart_upload(**done))[0] == 403
    s3.complete_multipart_upload(**done, IfNoneMatch="*")
    lock_out = document(deny("s3:*", [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"], Principal="*"))
    s3.put_bucket_policy(Bucket=bucket, Policy=lock_out)
    assert refusal(lambda: s3.get_object(Bucket=bucket, Key="n"))[2].endswith("in a resource-based policy")
    s3.delete_bucket_policy(Bucket=bucket)  # the root is never shut out for good
    s3.get_object(Bucket=bucket, Key="n")


def test_an_unsigned_request_is_refused_whatever_the_buckets_policy_says(
    aws: Aws, sandbox: SandboxState, bucket: str
) -> None:
    opened = document(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal="*"))
    aws("s3").put_bucket_policy(Bucket=bucket, Policy=opened)
    assert requests.get(f"{sandbox.gateway}/{bucket}/k", timeout=60).status_code == 403
    presigned = aws("s3").generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert requests.get(presigned, timeout=60).status_code == 403


def test_a_buckets_own_key_is_judged_for_whoever_writes_and_reads(aws: Aws, sandbox: SandboxState, bucket: str) -> None:
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    aws("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    name, ann = callers.user(sandbox, allow("s3:*"))
    s3 = ann.client("s3")
    message = refusal(lambda: s3.put_object(Bucket=bucket, Key="n", Body=b"1"))[2]
    assert f"kms:GenerateDataKey on resource: {key} because no identity-based policy" in message

    def let(*actions: str) -> None:
        statements = (allow("s3:*"), allow([f"kms:{action}" for action in actions], key))
        aws("iam").put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))

    let("GenerateDataKey")
    s3.put_object(Bucket=bucket, Key="n", Body=b"1")
    s3.head_object(Bucket=bucket, Key="n")
    assert "kms:Decrypt" in refusal(lambda: s3.get_object(Bucket=bucket, Key="n"))[2]
    let("Decrypt")
    s3.get_object(Bucket=bucket, Key="n")
    only_root = allow("kms:*", "*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT_ID}:user/somebody"})
    aws("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=document(only_root))
    assert "no resource-based policy allows" in refusal(lambda: s3.get_object(Bucket=bucket, Key="n"))[2]
    aws("s3").delete_bucket_encryption(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="n", Body=b"1")
    s3.get_object(Bucket=bucket, Key="n")


# --- documents


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (allow("s3:*", Condition={"StringLike": {"aws:SourceAccount": "a"}}), "StringLike"),
        (allow("s3:*", Condition={"StringEquals": {"aws:ResourceTag/owner": "ann"}}), "aws:resourcetag/owner"),
    ],
)
def test_a_policy_that_cannot_be_judged_is_refused_when_it_is_put(
    aws: Aws, bucket: str, statement: Any, told: str
) -> None:
    role, _ = make_role(aws)
    at_resource = document({**statement, "Principal": "*", "Resource": f"arn:aws:s3:::{bucket}"})
    puts: list[tuple[Callable[[], Any], str]] = [
        (lambda: give(aws, role, statement), "MalformedPolicyDocument"),
        (lambda: aws("iam").create_policy(PolicyName="p", PolicyDocument=document(statement)),
         "MalformedPolicyDocument"),
        (lambda: aws("s3").put_bucket_policy(Bucket=bucket, Policy=at_resource), "MalformedPolicy"),
    ]  # fmt: skip
    for put, code in puts:
        _, found, message = refusal(put)
        assert (found, told in message) == (code, True)
