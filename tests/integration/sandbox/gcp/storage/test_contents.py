"""Contents as they are stored and served: checksums, ranges, encodings."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os

import google_crc32c
import pytest
import requests
from google.api_core.exceptions import BadRequest, RequestRangeNotSatisfiable
from google.cloud import storage

from tests.integration.sandbox.gcp.storage.uploads import Write, in_one_request, put, resumable


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
