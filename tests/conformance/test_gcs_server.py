"""The sandbox's Cloud Storage server, tested with Google's unmodified client over a real socket.

The cases also hold for the real service. `L3KIT_FOREIGN_GCS=http://127.0.0.1:PORT` runs them against another server.
The unmodified gcp-storage-emulator 2026.7.19 fails 55 of 72 (`python -m tests.programs.foreign_servers`): all
preconditions on the generation (uploads, resumable uploads, rewrites, deletes, reads) and therefore all races; page
sizes and page tokens; storage classes (of a bucket, changed by a rewrite, unknown); names with % or ?, forbidden names;
checksums in headers and at the end of a resumable upload; ranges beyond the end; encodings other than gzip, and
decompression of gzip; pieces of resumable uploads; public access prevention.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import google_crc32c
import pytest
import requests
from google.api_core.exceptions import (
    BadRequest,
    Conflict,
    GoogleAPICallError,
    NotFound,
    PreconditionFailed,
    RequestRangeNotSatisfiable,
)
from google.cloud import storage

from tests.conformance.gcs_backend import gcs_server, unchanged_client

NAMES = ["a/b", "传感器-1/🌡.json", "a+b c", "100%", "a%2Fb", "q?x=1&y#z", "quote'\"<>", "x" * 1024, "é" * 512, " "]
Write = Callable[[storage.Bucket, str, bytes, dict[str, Any]], None]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the server under test."""
    foreign = os.environ.get("L3KIT_FOREIGN_GCS")
    if foreign:
        yield foreign.rstrip("/")
    else:
        with gcs_server(tmp_path_factory.mktemp("gcs")) as own:
            yield own


@pytest.fixture
def client(address: str) -> Iterator[storage.Client]:
    with unchanged_client(address) as made:
        yield made


@pytest.fixture
def bucket(client: storage.Client) -> storage.Bucket:
    return client.create_bucket(f"case-{uuid.uuid4().hex[:16]}")


def put(bucket: storage.Bucket, name: str, body: bytes, **more: Any) -> storage.Blob:
    blob = bucket.blob(name)
    blob.upload_from_string(body, retry=None, **more)
    return blob


def in_one_request(bucket: storage.Bucket, name: str, body: bytes, more: dict[str, Any]) -> None:
    put(bucket, name, body, **more)


def resumable(bucket: storage.Bucket, name: str, body: bytes, more: dict[str, Any]) -> None:
    """Upload without a known size, which the client sends in pieces."""
    bucket.blob(name, chunk_size=256 * 1024).upload_from_file(io.BytesIO(body), size=None, retry=None, **more)


def by_rewrite(bucket: storage.Bucket, name: str, body: bytes, more: dict[str, Any]) -> None:
    bucket.blob(name).rewrite(put(bucket, f"source-{uuid.uuid4()}", body), retry=None, **more)


WRITES = [in_one_request, resumable, by_rewrite]
writes = pytest.mark.parametrize("write", WRITES, ids=[write.__name__ for write in WRITES])


def content(bucket: storage.Bucket, name: str) -> bytes:
    found: bytes = bucket.blob(name).download_as_bytes(retry=None)
    return found


# --- preconditions


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


# --- versions and metadata


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


# --- storage classes


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


# --- contents


def crc32c(body: bytes) -> str:
    return base64.b64encode(google_crc32c.value(body).to_bytes(4, "big")).decode()


def md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).digest()).decode()


@pytest.mark.parametrize("write", [in_one_request, resumable])
@pytest.mark.parametrize("size", [0, 1, 256 * 1024, 1_000_003])
def test_checksums_are_computed_and_sent_along(address: str, bucket: storage.Bucket, write: Write, size: int) -> None:
    body = os.urandom(size)
    write(bucket, "k", body, {"checksum": None})
    blob = bucket.get_blob("k")
    assert (blob.size, blob.md5_hash, blob.crc32c) == (size, md5(body), crc32c(body))
    answer = requests.get(f"{address}/download/storage/v1/b/{bucket.name}/o/k?alt=media", timeout=60)
    hashes = dict(entry.strip().split("=", 1) for entry in answer.headers["x-goog-hash"].split(","))
    assert hashes == {"md5": md5(body), "crc32c": crc32c(body)}
    assert answer.headers["x-goog-generation"] == str(blob.generation)
    for checksum in ("md5", "crc32c"):
        assert bucket.blob("k").download_as_bytes(checksum=checksum) == body


@pytest.mark.parametrize("field", ["md5_hash", "crc32c"])
@pytest.mark.parametrize("write", [in_one_request, resumable])
def test_a_content_of_another_checksum_is_refused(bucket: storage.Bucket, field: str, write: Write) -> None:
    blob = bucket.blob("k", chunk_size=256 * 1024)
    setattr(blob, field, {"md5_hash": md5, "crc32c": crc32c}[field](b"other"))
    with pytest.raises(BadRequest):
        blob.upload_from_file(io.BytesIO(b"x"), size=1 if write is in_one_request else None, checksum=None)
    assert bucket.get_blob("k") is None


def test_a_checksum_with_the_last_piece_is_compared(bucket: storage.Bucket) -> None:
    address = bucket.blob("k").create_resumable_upload_session()
    answer = requests.put(address, data=b"x", headers={"x-goog-hash": f"crc32c={crc32c(b'other')}"}, timeout=60)
    assert answer.status_code == 400
    assert bucket.get_blob("k") is None


def test_ranges_are_served_and_one_beyond_the_end_is_refused(bucket: storage.Bucket) -> None:
    put(bucket, "k", b"0123456789")
    blob = bucket.blob("k")
    assert blob.download_as_bytes(start=3) == b"3456789"
    assert blob.download_as_bytes(start=3, end=6) == b"3456"
    assert blob.download_as_bytes(start=8, end=100) == b"89"
    with pytest.raises(RequestRangeNotSatisfiable):
        blob.download_as_bytes(start=10)
    chunked = bucket.blob("k", chunk_size=256 * 1024)
    assert chunked.download_as_bytes() == b"0123456789"


def test_suffix_ranges_and_totals(address: str, bucket: storage.Bucket) -> None:
    put(bucket, "k", b"0123456789")
    where = f"{address}/download/storage/v1/b/{bucket.name}/o/k?alt=media"
    answer = requests.get(where, headers={"Range": "bytes=-3"}, timeout=60)
    assert (answer.status_code, answer.content, answer.headers["content-range"]) == (206, b"789", "bytes 7-9/10")
    answer = requests.get(where, headers={"Range": "bytes=10-"}, timeout=60)
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */10")


def test_gzip_is_unpacked_for_whoever_does_not_take_it(address: str, bucket: storage.Bucket) -> None:
    body = b"[1,2,3]" * 100_000
    blob = bucket.blob("k")
    blob.content_encoding = "gzip"
    packed = gzip.compress(body)
    blob.upload_from_string(packed)
    assert bucket.blob("k").download_as_bytes(raw_download=True) == packed
    assert bucket.blob("k").download_as_bytes() == body
    where = f"{address}/download/storage/v1/b/{bucket.name}/o/k?alt=media"
    plain = requests.get(where, headers={"Accept-Encoding": "identity", "Range": "bytes=0-1"}, timeout=60)
    assert (plain.status_code, plain.content) == (200, body)
    assert "content-encoding" not in plain.headers
    assert plain.headers["x-goog-stored-content-encoding"] == "gzip"
    taken = requests.get(where, headers={"Accept-Encoding": "gzip"}, timeout=60, stream=True)
    assert (taken.raw.read(), taken.headers["content-encoding"]) == (packed, "gzip")


def test_another_encoding_is_served_as_it_is(address: str, bucket: storage.Bucket) -> None:
    blob = bucket.blob("k")
    blob.content_encoding = "zstd"
    blob.upload_from_string(b"packed")
    where = f"{address}/download/storage/v1/b/{bucket.name}/o/k?alt=media"
    answer = requests.get(where, headers={"Accept-Encoding": "identity"}, timeout=60, stream=True)
    assert (answer.raw.read(decode_content=False), answer.headers["content-encoding"]) == (b"packed", "zstd")


# --- resumable uploads, piece by piece

PIECE = 256 * 1024


def send(address: str, body: bytes, content_range: str) -> requests.Response:
    return requests.put(address, data=body, headers={"Content-Range": content_range}, timeout=60, allow_redirects=False)


def test_pieces_are_acknowledged_and_only_the_last_makes_the_object(bucket: storage.Bucket) -> None:
    address = bucket.blob("k").create_resumable_upload_session()
    body = os.urandom(2 * PIECE + 5)
    state = send(address, b"", "bytes */*")
    assert (state.status_code, state.headers.get("range")) == (308, None)
    first = send(address, body[:PIECE], f"bytes 0-{PIECE - 1}/*")
    assert (first.status_code, first.headers["range"]) == (308, f"bytes=0-{PIECE - 1}")
    assert bucket.get_blob("k") is None
    assert send(address, b"", "bytes */*").headers["range"] == f"bytes=0-{PIECE - 1}"
    again = send(address, body[: 2 * PIECE], f"bytes 0-{2 * PIECE - 1}/*")  # its answer was lost, say
    assert again.headers["range"] == f"bytes=0-{2 * PIECE - 1}"
    last = send(address, body[2 * PIECE :], f"bytes {2 * PIECE}-{len(body) - 1}/{len(body)}")
    assert (last.status_code, last.json()["size"]) == (200, str(len(body)))
    assert content(bucket, "k") == body
    repeated = send(address, b"", f"bytes */{len(body)}")
    assert (repeated.status_code, repeated.json()["generation"]) == (200, last.json()["generation"])


def test_pieces_that_do_not_fit_are_refused(bucket: storage.Bucket) -> None:
    address = bucket.blob("k").create_resumable_upload_session()
    assert send(address, b"x" * 100, "bytes 0-99/*").status_code == 400
    assert send(address, b"x" * PIECE, f"bytes {PIECE}-{2 * PIECE - 1}/*").status_code == 400
    assert send(address, b"x" * 10, f"bytes 0-{PIECE - 1}/*").status_code == 400
    assert send(address, b"x", "bytes nonsense").status_code == 400
    assert bucket.get_blob("k") is None


def test_an_upload_that_was_given_up_leaves_nothing(bucket: storage.Bucket) -> None:
    address = bucket.blob("k").create_resumable_upload_session()
    send(address, b"x" * PIECE, f"bytes 0-{PIECE - 1}/*")
    assert requests.delete(address, timeout=60).status_code == 499
    assert send(address, b"x", f"bytes {PIECE}-{PIECE}/{PIECE + 1}").status_code in (404, 410, 499)
    assert bucket.get_blob("k") is None


# --- buckets


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


NOT_SERVED: dict[str, Callable[[storage.Bucket, storage.Blob], object]] = {
    "object versions": lambda bucket, blob: patch_versioning(bucket),
    "a hold": lambda bucket, blob: rewrite_held(bucket),
    "a change of metadata": lambda bucket, blob: blob.patch(retry=None),
    "a composition": lambda bucket, blob: bucket.blob("new").compose([blob], retry=None),
    "a copy without rewriting": lambda bucket, blob: bucket.copy_blob(blob, bucket, "new", retry=None),
    "a condition on the metageneration": lambda bucket, blob: blob.delete(if_metageneration_match=1, retry=None),
    "a condition against a generation": lambda bucket, blob: blob.reload(if_generation_not_match=1, retry=None),
    "a condition on the tag": lambda bucket, blob: blob.download_as_bytes(if_etag_match="x", retry=None),
    "deleted objects": lambda bucket, blob: list(bucket.list_blobs(soft_deleted=True, retry=None)),
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
