"""S3 as strict as S3."""

from __future__ import annotations

import base64
import hashlib
import json
import threading

import pytest
from botocore.exceptions import ClientError

from tests.integration.sandbox.aws.calls import Aws, code_of

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def bucket(aws: Aws) -> str:
    aws("s3").create_bucket(Bucket="sandbox-tests")
    return "sandbox-tests"


def test_an_object_comes_back_with_its_metadata_class_and_checksum(aws: Aws, bucket: str) -> None:
    client, key = aws("s3"), "dév ice/2026-01-01T00:00:00Z-x/chunk-00000.json"
    digest = base64.b64encode(hashlib.sha256(b"[1]").digest()).decode()
    client.put_object(
        Bucket=bucket, Key=key, Body=b"[1]", ChecksumSHA256=digest, StorageClass="STANDARD_IA",
        Metadata={"sha256": "abc", "items": "1"}, ContentEncoding="gzip",
    )  # fmt: skip
    head = client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    assert head["Metadata"] == {"sha256": "abc", "items": "1"}
    assert (head["StorageClass"], head["ContentEncoding"], head["ContentLength"]) == ("STANDARD_IA", "gzip", 3)
    assert head["ChecksumSHA256"] == digest
    assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == b"[1]"


def test_a_new_bucket_has_no_tags_of_a_deleted_one_of_that_name(aws: Aws) -> None:
    s3, name = aws("s3"), "l3kit-tagged-and-gone"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_bucket(Bucket=name)
    s3.create_bucket(Bucket=name)
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=name)


def test_a_wrong_digest_is_refused_and_nothing_is_stored(aws: Aws, bucket: str) -> None:
    client = aws("s3")
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    wrong_md5 = base64.b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode()
    for digest in ({"ChecksumSHA256": wrong}, {"ContentMD5": wrong_md5}):
        with pytest.raises(ClientError) as caught:
            client.put_object(Bucket=bucket, Key="digest", Body=b"body", **digest)
        assert code_of(caught) == (400, "BadDigest")
    with pytest.raises(ClientError) as caught:
        client.head_object(Bucket=bucket, Key="digest")
    assert code_of(caught)[0] == 404


def test_a_large_body_with_a_digest_passes(aws: Aws, bucket: str) -> None:
    body = b"0123456789abcdef" * (40 * 1024 * 1024 // 16)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    aws("s3").put_object(Bucket=bucket, Key="large", Body=body, ChecksumSHA256=digest)
    assert (
        hashlib.sha256(aws("s3").get_object(Bucket=bucket, Key="large")["Body"].read()).hexdigest()
        == base64.b64decode(digest).hex()
    )
    aws("s3").delete_object(Bucket=bucket, Key="large")


def test_conditional_writes_copies_multipart_and_deletes(aws: Aws, bucket: str) -> None:
    client = aws("s3")
    etag = client.put_object(Bucket=bucket, Key="cond", Body=b"1", IfNoneMatch="*")["ETag"]
    source = {"Bucket": bucket, "Key": "cond"}
    upload = client.create_multipart_upload(Bucket=bucket, Key="cond")["UploadId"]
    part = client.upload_part(Bucket=bucket, Key="cond", UploadId=upload, PartNumber=1, Body=b"2")["ETag"]
    parts = {"Parts": [{"ETag": part, "PartNumber": 1}]}
    for refused in (
        lambda: client.put_object(Bucket=bucket, Key="cond", Body=b"2", IfNoneMatch="*"),
        lambda: client.put_object(Bucket=bucket, Key="cond", Body=b"2", IfMatch='"0"'),
        lambda: client.copy_object(
            Bucket=bucket, Key="cond", CopySource=source, IfNoneMatch="*", StorageClass="GLACIER"
        ),
        lambda: client.complete_multipart_upload(
            Bucket=bucket, Key="cond", UploadId=upload, MultipartUpload=parts, IfNoneMatch="*"
        ),
        lambda: client.delete_object(Bucket=bucket, Key="cond", IfMatch='"0"'),
    ):
        with pytest.raises(ClientError) as caught:
            refused()
        assert code_of(caught) == (412, "PreconditionFailed")
    assert client.get_object(Bucket=bucket, Key="cond")["Body"].read() == b"1"
    client.copy_object(Bucket=bucket, Key="cond-copy", CopySource=source, IfNoneMatch="*", StorageClass="DEEP_ARCHIVE")
    client.delete_object(Bucket=bucket, Key="cond", IfMatch=etag)
    with pytest.raises(ClientError):
        client.head_object(Bucket=bucket, Key="cond")


def test_one_of_many_conditional_creates_wins(aws: Aws, bucket: str) -> None:
    results: list[int] = []

    def create(number: int) -> None:
        try:
            aws("s3").put_object(Bucket=bucket, Key="race", Body=b"%d" % number, IfNoneMatch="*")
            results.append(200)
        except ClientError as error:
            results.append(error.response["ResponseMetadata"]["HTTPStatusCode"])

    threads = [threading.Thread(target=create, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [200] + [412] * 7


def test_an_archived_object_must_be_restored_first(aws: Aws, bucket: str) -> None:
    client = aws("s3")
    client.put_object(Bucket=bucket, Key="deep", Body=b"[1]", StorageClass="DEEP_ARCHIVE", Metadata={"sha256": "x"})
    with pytest.raises(ClientError) as caught:
        client.get_object(Bucket=bucket, Key="deep")
    assert code_of(caught) == (403, "InvalidObjectState")
    assert client.head_object(Bucket=bucket, Key="deep")["Metadata"] == {"sha256": "x"}
    client.restore_object(Bucket=bucket, Key="deep", RestoreRequest={"Days": 1})
    assert 'ongoing-request="false"' in client.head_object(Bucket=bucket, Key="deep")["Restore"]
    assert client.get_object(Bucket=bucket, Key="deep")["Body"].read() == b"[1]"


def test_a_policy_against_plain_http_is_kept_and_shuts_nobody_out(aws: Aws) -> None:
    client = aws("s3")
    client.create_bucket(Bucket="tls-only")
    with pytest.raises(ClientError) as caught:
        client.get_bucket_policy(Bucket="tls-only")
    assert code_of(caught) == (404, "NoSuchBucketPolicy")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::tls-only", "arn:aws:s3:::tls-only/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client.put_bucket_policy(Bucket="tls-only", Policy=policy)
    assert client.get_bucket_policy(Bucket="tls-only")["Policy"] == policy
    client.put_object(Bucket="tls-only", Key="k", Body=b"1")
    assert client.get_object(Bucket="tls-only", Key="k")["Body"].read() == b"1"
    for wrong in ("{", json.dumps({"Statement": [statement | {"Resource": "arn:aws:s3:::other/*"}]})):
        with pytest.raises(ClientError) as caught:
            client.put_bucket_policy(Bucket="tls-only", Policy=wrong)
        assert code_of(caught) == (400, "MalformedPolicy")
    client.delete_bucket_policy(Bucket="tls-only")
    with pytest.raises(ClientError) as caught:
        client.get_bucket_policy(Bucket="tls-only")
    assert code_of(caught) == (404, "NoSuchBucketPolicy")
