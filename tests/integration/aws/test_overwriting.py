"""Objects of the cold and archive tiers are not overwritten unnoticed: the bucket refuses it, or keeps a version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.buckets import Bucket
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.names import AwsNames
from l3kit.session import Session
from tests.support.accounts import aws_of

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def buckets(session: Session) -> Iterator[tuple[Bucket, Bucket]]:
    """One that nothing is copied into, and one that is."""
    names = AwsNames("overwriting", aws_of(session).account_id, aws_of(session).region)
    context = Context(aws_of(session), names)
    made = Bucket(context, names.cold_s3_bucket()), Bucket(context, names.archive_s3_bucket(), written_by_aws=True)
    for bucket in made:
        bucket.create()
        assert bucket.compare().differences == ()
    yield made
    for bucket in made:
        bucket.delete()
        assert not bucket.compare().exists


def refused(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def test_where_nothing_is_copied_only_creation_gets_in(buckets: tuple[Bucket, Bucket], aws: Any) -> None:
    bucket, other = (one.name for one in buckets)
    s3, key = aws("s3"), "d/1"
    s3.put_object(Bucket=bucket, Key=key, Body=b"1", IfNoneMatch="*")
    assert refused(lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"2")) == (403, "AccessDenied")
    tag = s3.head_object(Bucket=bucket, Key=key)["ETag"]
    overwrite = {"Bucket": bucket, "Key": key, "Body": b"2", "IfMatch": tag}
    assert refused(lambda: s3.put_object(**overwrite)) == (403, "AccessDenied")
    create = {"Bucket": bucket, "Key": key, "Body": b"2", "IfNoneMatch": "*"}
    assert refused(lambda: s3.put_object(**create)) == (412, "PreconditionFailed")
    s3.put_object(Bucket=other, Key="source", Body=b"3")
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": f"{other}/source"}
    assert refused(lambda: s3.copy_object(**copy)) == (403, "AccessDenied")
    assert refused(lambda: s3.copy_object(**copy, IfNoneMatch="*")) == (501, "NotImplemented")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"1"


def test_parts_need_no_condition_and_their_completion_does(buckets: tuple[Bucket, Bucket], aws: Any) -> None:
    s3, bucket = aws("s3"), buckets[0].name
    place = {"Bucket": bucket, "Key": "d/large"}
    for condition, wanted in (({}, (403, "AccessDenied")), ({"IfNoneMatch": "*"}, None)):
        upload = s3.create_multipart_upload(**place)["UploadId"]
        tag = s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
        whole = {**place, "UploadId": upload, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": tag}]}}
        if wanted:
            assert refused(lambda whole=whole, more=condition: s3.complete_multipart_upload(**whole, **more)) == wanted
        else:
            s3.complete_multipart_upload(**whole, **condition)


def test_where_copies_come_in_what_was_overwritten_or_deleted_is_kept_for_thirty_days(
    buckets: tuple[Bucket, Bucket], aws: Any
) -> None:
    s3, bucket = aws("s3"), buckets[1].name
    for body in (b"1", b"2"):
        s3.put_object(Bucket=bucket, Key="d/1", Body=body)
    s3.delete_object(Bucket=bucket, Key="d/1")
    versions = s3.list_object_versions(Bucket=bucket, Prefix="d/1")["Versions"]
    bodies = {s3.get_object(Bucket=bucket, Key="d/1", VersionId=v["VersionId"])["Body"].read() for v in versions}
    assert bodies == {b"1", b"2"}
    rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]}
    assert rules["l3kit-versions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rules["l3kit-versions"]["Expiration"] == {"ExpiredObjectDeleteMarker": True}
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/d/1?versionId={versions[0]['VersionId']}")


def test_a_bucket_of_an_older_version_is_brought_up_to_date(buckets: tuple[Bucket, Bucket], aws: Any) -> None:
    s3, bucket = aws("s3"), buckets[0]
    old = s3.get_bucket_lifecycle_configuration(Bucket=bucket.name)["Rules"]
    rules = [rule for rule in old if rule["ID"] != "l3kit-versions"]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket.name, LifecycleConfiguration={"Rules": rules})
    assert bucket.compare().differences == ("noncurrent versions do not expire after 30 days",)
    bucket.update()
    assert bucket.compare().differences == ()
