"""Resumable uploads, piece by piece."""

from __future__ import annotations

import os

import requests
from google.cloud import storage

from tests.integration.sandbox.gcp.storage.uploads import content

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
