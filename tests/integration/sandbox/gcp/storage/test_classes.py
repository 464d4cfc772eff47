"""Storage classes, and the rewrites that change them."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
import requests
from google.api_core.exceptions import BadRequest
from google.cloud import storage

from tests.integration.sandbox.gcp.storage.uploads import Write, content, in_one_request, put, resumable


def test_a_class_is_the_uploads_own_or_the_buckets(client: storage.Client) -> None:
    bucket = client.bucket(f"case-{uuid.uuid4().hex[:16]}")
    bucket.storage_class = "NEARLINE"
    client.create_bucket(bucket)
    assert client.get_bucket(bucket.name).storage_class == "NEARLINE"
    assert put(bucket, "plain", b"x").storage_class == "NEARLINE"
    for write in (in_one_request, resumable):
        blob = bucket.blob(write.__name__, chunk_size=256 * 1024)
        blob.storage_class = "ARCHIVE"
        blob.upload_from_file(io.BytesIO(b"x"), size=1 if write is in_one_request else None)
        assert bucket.get_blob(blob.name).storage_class == "ARCHIVE"


def test_a_rewrite_changes_the_class_and_keeps_the_metadata(bucket: storage.Bucket) -> None:
    blob = bucket.blob("k")
    blob.metadata = {"a": "b"}
    blob.upload_from_string(b"x", content_type="text/x")
    before = blob.generation
    blob.update_storage_class("COLDLINE", if_generation_match=before)
    found = bucket.get_blob("k")
    assert (found.storage_class, found.metadata, found.content_type) == ("COLDLINE", {"a": "b"}, "text/x")
    assert found.generation > before
    assert [one.storage_class for one in bucket.list_blobs()] == ["COLDLINE"]


def test_a_rewrite_that_names_a_class_alone_leaves_the_metadata_behind(bucket: storage.Bucket) -> None:
    source = bucket.blob("source")
    source.metadata = {"a": "b"}
    source.upload_from_string(b"x", content_type="text/x")
    plain, other = bucket.blob("plain"), bucket.blob("other")
    plain.rewrite(source)
    other.storage_class = "ARCHIVE"
    other.rewrite(source)
    assert bucket.get_blob("plain").metadata == {"a": "b"}
    assert (bucket.get_blob("other").metadata, bucket.get_blob("other").storage_class) == (None, "ARCHIVE")


def test_a_rewrite_in_several_calls_is_visible_only_when_it_is_done(address: str, bucket: storage.Bucket) -> None:
    source = put(bucket, "source", b"x" * (5 * 1024 * 1024 // 2))
    where = f"{address}/storage/v1/b/{bucket.name}/o/source/rewriteTo/b/{bucket.name}/o/k"
    query: dict[str, Any] = {"maxBytesRewrittenPerCall": 1024 * 1024, "ifGenerationMatch": 0}
    done: list[int] = []
    while True:
        assert bucket.get_blob("k") is None
        answer = requests.post(where, params=query, json={"storageClass": "ARCHIVE"}, timeout=60).json()
        done.append(int(answer["totalBytesRewritten"]))
        if answer["done"]:
            break
        query["rewriteToken"] = answer["rewriteToken"]
    assert done == [1024 * 1024, 2 * 1024 * 1024, source.size]
    assert answer["resource"]["storageClass"] == "ARCHIVE"
    assert content(bucket, "k") == content(bucket, "source")


@pytest.mark.parametrize("write", [in_one_request, resumable])
def test_an_unknown_class_is_refused(client: storage.Client, bucket: storage.Bucket, write: Write) -> None:
    blob = bucket.blob("k", chunk_size=256 * 1024)
    blob.storage_class = "GLACIER"
    with pytest.raises(BadRequest):
        blob.upload_from_file(io.BytesIO(b"x"), size=1 if write is in_one_request else None)
    assert bucket.get_blob("k") is None
    other = client.bucket(f"case-{uuid.uuid4().hex[:16]}")
    other.storage_class = "GLACIER"
    with pytest.raises(BadRequest):
        client.create_bucket(other)
