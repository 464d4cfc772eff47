"""Buckets while AWS is busy or failing: answers that the emulators never give."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from l3kit.clouds.aws.control.buckets import Bucket
from l3kit.errors import ProvisioningError
from tests.support.slow_aws import Client, context, refusal


def test_a_bucket_whose_name_is_just_being_freed_is_waited_for() -> None:
    busy = refusal("CreateBucket", "OperationAborted", "A conflicting conditional operation is in progress")
    missing = {
        "get_bucket_tagging": [refusal("GetBucketTagging", "NoSuchTagSet")],
        "get_public_access_block": [refusal("GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration")],
        "get_bucket_encryption": [refusal("GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError")],
        "get_bucket_policy": [refusal("GetBucketPolicy", "NoSuchBucketPolicy")],
        "get_bucket_lifecycle_configuration": [refusal("GetBucketLifecycle", "NoSuchLifecycleConfiguration")],
    }
    client = Client(create_bucket=[busy, {}], put_bucket_policy=[busy, {}], **missing)
    where, _ = context("s3", client)
    Bucket(where, "plant-cold").create()
    assert (client.calls.count("create_bucket"), client.calls.count("put_bucket_policy")) == (2, 2)


def test_an_upload_that_is_gone_does_not_keep_its_bucket() -> None:
    class Uploads(Client):
        def get_paginator(self, name: str) -> Any:
            page = {"Uploads": [{"Key": "d/1", "UploadId": "u"}]} if "upload" in name else {}
            return SimpleNamespace(paginate=lambda **_: [page])

    client = Uploads(abort_multipart_upload=[refusal("AbortMultipartUpload", "NoSuchUpload")])
    where, _ = context("s3", client)
    Bucket(where, "plant-cold").delete()
    assert client.calls[-1] == "delete_bucket"


def test_an_object_that_cannot_be_removed_is_named() -> None:
    class Paginator:
        def __init__(self, page: dict[str, Any]) -> None:
            self.page = page

        def paginate(self, **_: Any) -> list[dict[str, Any]]:
            return [self.page]

    class Locked(Client):
        def get_paginator(self, name: str) -> Paginator:
            return Paginator({"Versions": [{"Key": "d/1", "VersionId": "v"}]} if "version" in name else {})

    client = Locked(delete_objects=[{"Errors": [{"Key": "d/1", "Code": "AccessDenied"}]}])
    where, _ = context("s3", client)
    with pytest.raises(ProvisioningError, match=r"object d/1 in plant-cold: cannot be removed \(AccessDenied\)"):
        Bucket(where, "plant-cold").delete()
    assert "delete_bucket" not in client.calls
