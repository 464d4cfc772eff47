"""Buckets and what they are made with; what is not served is said; contents are files."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from google.api_core.exceptions import BadRequest, Conflict, GoogleAPICallError, NotFound, PreconditionFailed
from google.cloud import storage

from tests.conformance.gcs_backend import gcs_server, unchanged_client
from tests.integration.sandbox.gcp.storage.test_contents import md5
from tests.integration.sandbox.gcp.storage.test_pieces import PIECE
from tests.integration.sandbox.gcp.storage.uploads import content, in_one_request, put, resumable


def test_a_bucket_keeps_what_it_was_made_with_and_is_changed_by_patches(client: storage.Client) -> None:
    made = client.bucket(f"case-{uuid.uuid4().hex[:16]}")
    made.storage_class = "COLDLINE"
    made.labels = {"twin": "a", "old": "x"}
    made.iam_configuration.uniform_bucket_level_access_enabled = True
    made.iam_configuration.public_access_prevention = "enforced"
    client.create_bucket(made, location="europe-west3")
    found = client.get_bucket(made.name)
    assert (found.storage_class, found.location, found.labels) == (
        "COLDLINE",
        "EUROPE-WEST3",
        {"twin": "a", "old": "x"},
    )
    assert found.iam_configuration.uniform_bucket_level_access_enabled
    assert found.iam_configuration.public_access_prevention == "enforced"
    found.labels = {"twin": "b"}
    found.patch()
    again = client.get_bucket(made.name)
    assert (again.labels, again.metageneration, again.storage_class) == ({"twin": "b"}, 2, "COLDLINE")
    assert again.iam_configuration.public_access_prevention == "enforced"


def test_a_bucket_that_exists_is_a_conflict_and_one_with_objects_is_not_deleted(
    client: storage.Client, bucket: storage.Bucket
) -> None:
    with pytest.raises(Conflict):
        client.create_bucket(bucket.name)
    put(bucket, "k", b"x")
    with pytest.raises(Conflict):
        bucket.delete()
    assert content(bucket, "k") == b"x"
    bucket.delete(force=True)
    for call in (bucket.reload, bucket.delete, lambda: put(bucket, "k", b"x"), lambda: list(bucket.list_blobs())):
        with pytest.raises(NotFound):
            call()
    assert client.lookup_bucket(bucket.name) is None


@pytest.mark.parametrize("name", ["ab", "Upper-case", "-dash", "x" * 64, "goog-name", "sp ace"])
def test_a_buckets_name_is_checked(address: str, name: str) -> None:
    answer = requests.post(f"{address}/storage/v1/b?project=l3kit-sandbox", json={"name": name}, timeout=60)
    assert answer.status_code == 400


def test_times_are_of_now(bucket: storage.Bucket) -> None:
    blob = put(bucket, "k", b"x")
    assert abs(blob.time_created - datetime.now(UTC)) < timedelta(minutes=1)
    assert blob.updated >= blob.time_created


def test_deleted_and_replaced_objects_are_listed_until_they_go_for_good(bucket: storage.Bucket) -> None:
    put(bucket, "k", b"x")
    put(bucket, "k", b"xy")
    put(bucket, "kk", b"z")
    bucket.blob("k").delete()
    kept = list(bucket.list_blobs(soft_deleted=True))
    assert [(one.name, one.size) for one in kept] == [("k", 1), ("k", 2)]
    assert all(one.hard_delete_time - one.soft_delete_time == timedelta(days=7) for one in kept)
    assert [one.name for one in bucket.list_blobs(versions=True)] == ["kk"]


def test_a_bucket_that_keeps_nothing_lists_no_deleted_object(bucket: storage.Bucket) -> None:
    bucket.soft_delete_policy.retention_duration_seconds = 0
    bucket.patch()
    put(bucket, "k", b"x").delete()
    assert list(bucket.list_blobs(soft_deleted=True)) == []


NOT_SERVED: dict[str, Callable[[storage.Bucket, storage.Blob], object]] = {
    "object versions": lambda bucket, blob: patch_versioning(bucket),
    "a hold": lambda bucket, blob: rewrite_held(bucket),
    "a change of metadata": lambda bucket, blob: blob.patch(retry=None),
    "a composition": lambda bucket, blob: bucket.blob("new").compose([blob], retry=None),
    "a copy without rewriting": lambda bucket, blob: bucket.copy_blob(blob, bucket, "new", retry=None),
    "a condition on the metageneration": lambda bucket, blob: blob.delete(if_metageneration_match=1, retry=None),
    "a condition against a generation": lambda bucket, blob: blob.reload(if_generation_not_match=1, retry=None),
    "a condition on the tag": lambda bucket, blob: blob.download_as_bytes(if_etag_match="x", retry=None),
    "folders": lambda bucket, blob: list(bucket.list_blobs(delimiter="/", retry=None)),
    "offsets": lambda bucket, blob: list(bucket.list_blobs(start_offset="a", retry=None)),
    "a listing of buckets": lambda bucket, blob: list(bucket.client.list_buckets(retry=None)),
}


def patch_versioning(bucket: storage.Bucket) -> None:
    bucket.versioning_enabled = True
    bucket.patch(retry=None)


def rewrite_held(bucket: storage.Bucket) -> None:
    path = f"/b/{bucket.name}/o/k/rewriteTo/b/{bucket.name}/o/new"
    bucket.client._connection.api_request(method="POST", path=path, data={"temporaryHold": True})


@pytest.mark.skipif("L3KIT_FOREIGN_GCS" in os.environ, reason="another server may serve more")
@pytest.mark.parametrize("case", NOT_SERVED)
def test_what_is_not_served_is_said_and_changes_nothing(bucket: storage.Bucket, case: str) -> None:
    blob = put(bucket, "k", b"x")
    blob.metadata = {"a": "b"}
    with pytest.raises(GoogleAPICallError, match="does not serve"):
        NOT_SERVED[case](bucket, blob)
    assert [(one.name, one.metadata) for one in bucket.list_blobs()] == [("k", None)]


def test_contents_are_files_and_go_with_their_objects(tmp_path: Path) -> None:
    with gcs_server(tmp_path) as own, unchanged_client(own) as client:
        bucket = client.create_bucket("own-files")
        put(bucket, "k", b"first")
        put(bucket, "k", b"second")
        bucket.blob("copy").rewrite(bucket.blob("k"))
        assert sorted(file.read_bytes() for file in tmp_path.iterdir()) == [b"second", b"second"]
        with pytest.raises(PreconditionFailed):
            put(bucket, "k", b"third", if_generation_match=0)
        for write in (in_one_request, resumable):
            wrong = bucket.blob("wrong", chunk_size=PIECE)
            wrong.md5_hash = md5(b"other")
            with pytest.raises(BadRequest):
                wrong.upload_from_file(io.BytesIO(b"x"), size=1 if write is in_one_request else None, checksum=None)
        bucket.delete(force=True)
        assert list(tmp_path.iterdir()) == []
