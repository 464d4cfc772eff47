"""The three ways in which Google's own client writes an object."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from google.cloud import storage

Write = Callable[[storage.Bucket, str, bytes, dict[str, Any]], None]


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
