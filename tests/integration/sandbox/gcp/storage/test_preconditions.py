"""A write, copy, read or delete that names a generation is of that generation alone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud import storage

from tests.integration.sandbox.gcp.storage.uploads import Write, content, put, writes


@writes
def test_generation_zero_creates_and_never_overwrites(bucket: storage.Bucket, write: Write) -> None:
    write(bucket, "k", b"first", {"if_generation_match": 0})
    with pytest.raises(PreconditionFailed):
        write(bucket, "k", b"second", {"if_generation_match": 0})
    assert content(bucket, "k") == b"first"


@writes
def test_a_write_for_a_generation_replaces_just_that_one(bucket: storage.Bucket, write: Write) -> None:
    first = put(bucket, "k", b"first").generation
    write(bucket, "k", b"second", {"if_generation_match": first})
    with pytest.raises(PreconditionFailed):
        write(bucket, "k", b"third", {"if_generation_match": first})
    with pytest.raises(PreconditionFailed):
        write(bucket, "other", b"third", {"if_generation_match": first})
    assert content(bucket, "k") == b"second"
    assert bucket.get_blob("other") is None


@writes
def test_of_many_writers_at_once_exactly_one_creates(bucket: storage.Bucket, write: Write) -> None:
    start = threading.Barrier(6)

    def attempt(number: int) -> bytes | None:
        body = b"%d" % number * 600_000
        start.wait()
        try:
            write(bucket, "k", body, {"if_generation_match": 0})
        except PreconditionFailed:
            return None
        return body

    with ThreadPoolExecutor(6) as pool:
        won = [body for body in pool.map(attempt, range(6)) if body is not None]
    assert len(won) == 1
    assert content(bucket, "k") == won[0]


def test_a_resumable_uploads_condition_is_looked_at_when_it_ends(bucket: storage.Bucket) -> None:
    address = bucket.blob("k").create_resumable_upload_session(if_generation_match=0, retry=None)
    put(bucket, "k", b"came between")
    answer = requests.put(address, data=b"late", timeout=60)
    assert answer.status_code == 412
    assert answer.json()["error"]["errors"][0]["reason"] == "conditionNotMet"
    assert content(bucket, "k") == b"came between"


def test_a_delete_takes_just_the_generation_it_names(bucket: storage.Bucket) -> None:
    blob = put(bucket, "k", b"first")
    old = blob.generation
    new = put(bucket, "k", b"second").generation
    for wrong in (old, 0):
        with pytest.raises(PreconditionFailed):
            bucket.blob("k").delete(if_generation_match=wrong, retry=None)
    assert content(bucket, "k") == b"second"
    bucket.blob("k").delete(if_generation_match=new, retry=None)
    assert bucket.get_blob("k") is None
    with pytest.raises(NotFound):
        bucket.blob("k").delete(if_generation_match=new, retry=None)


def test_a_rewrite_takes_just_the_source_version_it_names(bucket: storage.Bucket) -> None:
    old = put(bucket, "source", b"first").generation
    new = put(bucket, "source", b"second").generation
    with pytest.raises(PreconditionFailed):
        bucket.blob("k").rewrite(bucket.blob("source"), if_source_generation_match=old, retry=None)
    with pytest.raises(NotFound):
        bucket.blob("k").rewrite(bucket.blob("source", generation=old), retry=None)
    assert bucket.get_blob("k") is None
    bucket.blob("k").rewrite(bucket.blob("source"), if_source_generation_match=new, retry=None)
    assert content(bucket, "k") == b"second"


def test_reads_can_demand_a_version(bucket: storage.Bucket) -> None:
    blob = put(bucket, "k", b"x")
    generation = blob.generation
    fresh = bucket.blob("k")
    for read in (fresh.download_as_bytes, fresh.reload):
        with pytest.raises(PreconditionFailed):
            read(if_generation_match=generation + 1, retry=None)
    assert fresh.download_as_bytes(if_generation_match=generation, retry=None) == b"x"
    with pytest.raises(NotFound):
        bucket.blob("k", generation=generation - 1).download_as_bytes(retry=None)


def test_a_refusal_is_told_in_googles_form(address: str, bucket: storage.Bucket) -> None:
    put(bucket, "k", b"x")
    answer = requests.delete(f"{address}/storage/v1/b/{bucket.name}/o/k?ifGenerationMatch=1", timeout=60)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["errors"][0]["reason"]) == (412, 412, "conditionNotMet")
    assert error["message"] == error["errors"][0]["message"]
