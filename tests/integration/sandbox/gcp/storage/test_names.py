"""An object's generations, metadata and names, and pages of names."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import requests
from google.api_core.exceptions import BadRequest
from google.cloud import storage

from tests.integration.sandbox.gcp.storage.uploads import content, in_one_request, put, resumable

NAMES = ["a/b", "传感器-1/🌡.json", "a+b c", "100%", "a%2Fb", "q?x=1&y#z", "quote'\"<>", "x" * 1024, "é" * 512, " "]


def test_generations_and_tags_are_new_with_each_content(bucket: storage.Bucket) -> None:
    blobs = [put(bucket, "k", b"%d" % n) for n in range(4)]
    generations = [blob.generation for blob in blobs]
    assert generations == sorted(set(generations))
    assert len({blob.etag for blob in blobs}) == 4
    assert abs(generations[0] / 1e6 - datetime.now(UTC).timestamp()) < 60


def test_metadata_of_any_text_is_kept(bucket: storage.Bucket) -> None:
    blob = bucket.blob("k")
    blob.metadata = {"名": "传感器 🌡", "Case": "Kept", "!#$&'*+.^_`|~-": " x "}
    blob.content_type, blob.cache_control, blob.content_language = "text/x", "no-cache", "de"
    blob.upload_from_string(b"x", content_type="text/x")
    found = bucket.get_blob("k")
    assert found.metadata == blob.metadata
    assert (found.content_type, found.cache_control, found.content_language) == ("text/x", "no-cache", "de")


def test_too_much_metadata_is_refused(bucket: storage.Bucket) -> None:
    blob = bucket.blob("k")
    blob.metadata = {"a": "x" * 8192}
    with pytest.raises(BadRequest):
        blob.upload_from_string(b"x")
    assert bucket.get_blob("k") is None


# --- names and listings


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_an_object_lives_under_any_allowed_name(bucket: storage.Bucket, name: str) -> None:
    put(bucket, name, b"x", if_generation_match=0)
    assert [blob.name for blob in bucket.list_blobs()] == [name]
    assert [blob.name for blob in bucket.list_blobs(prefix=name)] == [name]
    assert content(bucket, name) == b"x"
    assert bucket.get_blob(name).download_as_bytes() == b"x"  # by its media link
    bucket.blob("copy" + name[:100]).rewrite(bucket.blob(name))
    bucket.delete_blob(name)
    assert [blob.name for blob in bucket.list_blobs()] == ["copy" + name[:100]]


@pytest.mark.parametrize("name", [".", "..", "a\nb", "a\rb", "x" * 1025, "é" * 513])
def test_a_forbidden_name_is_refused(bucket: storage.Bucket, name: str) -> None:
    for write in (in_one_request, resumable):
        with pytest.raises(BadRequest):
            write(bucket, name, b"x", {})
    assert list(bucket.list_blobs()) == []


def test_names_come_in_the_order_of_their_utf_8(bucket: storage.Bucket) -> None:
    names = ["b", "a/2", "\U0001f321", "￿", "é", "B", "a/10", "a", "a-", "~", "a0"]
    for name in names:
        put(bucket, name, b"")
    assert [blob.name for blob in bucket.list_blobs()] == sorted(names, key=str.encode)


def test_pages_have_the_size_asked_for_and_hold_every_name_once(bucket: storage.Bucket) -> None:
    names = [f"k/{number:02d}" for number in range(10)]
    for name in names:
        put(bucket, name, b"")
    pages = [[blob.name for blob in page] for page in bucket.list_blobs(page_size=4).pages]
    assert [len(page) for page in pages] == [4, 4, 2]
    assert [name for page in pages for name in page] == names
    assert [blob.name for blob in bucket.list_blobs(max_results=3)] == names[:3]
    first = bucket.list_blobs(page_size=4)
    next(first.pages)
    for name in names[2:6]:  # also those that the page ended with
        bucket.delete_blob(name)
    rest = bucket.list_blobs(page_size=4, page_token=first.next_page_token)
    assert [blob.name for blob in rest] == names[6:]


@pytest.mark.slow
def test_a_page_without_a_size_has_a_thousand_names(address: str, bucket: storage.Bucket) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: put(bucket, f"{number:04d}", b""), range(1001)))
    for query in ("", "?maxResults=5000"):
        page = requests.get(f"{address}/storage/v1/b/{bucket.name}/o{query}", timeout=60).json()
        assert len(page["items"]) == 1000
        assert page["nextPageToken"]
    assert len(list(bucket.list_blobs())) == 1001
