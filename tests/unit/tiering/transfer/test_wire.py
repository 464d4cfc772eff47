"""Requests and answers of links: what a receiver reads is what was sent, or a refusal that says why."""

from __future__ import annotations

import gzip

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.tiering.format.chunks import MAX_KEY_BYTES, Chunk, ChunkKey
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.wire import (
    IDEMPOTENCY_HEADER,
    TOKEN_HEADER,
    ArchivePart,
    Refusal,
    Request,
    check_idempotency_key,
    check_length,
    check_token,
    chunk_pieces,
    highest_pieces,
    idempotency_key,
    is_loopback,
    key_fault,
    look_pieces,
    plain_body,
    seal_pieces,
)

KEY = ChunkKey("sensor-1", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 3)


def packed(body: bytes, encoding: str = "gzip") -> Request:
    return Request({"content-encoding": encoding}, body)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4))
def test_a_packed_body_is_unpacked_whole_however_many_members_it_has(parts: list[bytes]) -> None:
    assert plain_body(packed(b"".join(map(gzip.compress, parts)))) == b"".join(parts)


@given(st.binary(max_size=300), st.data())
def test_a_packed_body_that_is_cut_off_is_refused(body: bytes, data: st.DataObject) -> None:
    sent = gzip.compress(body)
    with pytest.raises(Refusal, match="not valid gzip") as refused:
        plain_body(packed(sent[: data.draw(st.integers(0, len(sent) - 1))]))
    assert refused.value.status == 400


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_body_may_have_as_many_bytes_as_the_limit_and_no_more(encoding: str) -> None:
    def sent(size: int) -> Request:
        return packed(gzip.compress(b"x" * size) if encoding == "gzip" else b"x" * size, encoding)

    assert len(plain_body(sent(1000), 1000)) == 1000
    with pytest.raises(Refusal, match=r"(more|larger) than 1000") as refused:
        plain_body(sent(1001), 1000)
    assert refused.value.status == 413


def test_an_unknown_encoding_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(Refusal, match="gzip and identity") as refused:
        plain_body(packed(b"x", "br"))
    assert (refused.value.status, refused.value.response().body["field"]) == (415, "Content-Encoding")


@pytest.mark.parametrize(
    ("given_token", "taken"),
    [("now", True), ("former", True), (" now ", True), ("no", False), ("nowx", False), ("", False), ("\udc80", False)],
)
def test_the_token_or_a_former_one_is_taken_and_no_other(given_token: str, taken: bool) -> None:
    request = Request({TOKEN_HEADER.upper(): given_token}, b"")
    assert check_token(request, Secret("now"), Secret("former"), Secret("")) is taken
    assert not check_token(request, Secret(""), Secret("former"))


def test_a_token_given_twice_is_none() -> None:
    assert not check_token(Request({TOKEN_HEADER: "now", TOKEN_HEADER.lower(): "now"}, b""), Secret("now"))
    assert not check_token(Request({}, b""), Secret("now"))


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_key_travels_as_a_header_and_is_known_again(key: str) -> None:
    sent = idempotency_key(key)
    assert sent.isascii()
    check_idempotency_key(Request({IDEMPOTENCY_HEADER: sent}, b""), "other", key)
    with pytest.raises(Refusal, match="not the key"):
        check_idempotency_key(Request({IDEMPOTENCY_HEADER: sent + "!"}, b""), key)
    check_idempotency_key(Request({}, b""), key)


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ("a/b.json", None),
        ("a/../b", "`..`"),
        ("a/./b", "`.`"),
        ("a\nb", "control characters"),
        (str(ChunkKey("_l3kit", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 1)), "_l3kit"),
    ],
)
def test_a_key_that_not_every_cloud_takes_is_told(key: str, fault: str | None) -> None:
    told = key_fault(key)
    assert told is None if fault is None else fault in (told or "")


def test_a_key_is_measured_in_bytes() -> None:
    check_length("é" * (MAX_KEY_BYTES // 2), "object_key")
    with pytest.raises(Refusal, match=f"more than {MAX_KEY_BYTES} bytes"):
        check_length("é" * (MAX_KEY_BYTES // 2) + "x", "object_key")


def test_every_envelope_names_its_chunk_and_what_is_asked() -> None:
    chunk = Chunk(KEY, b'[{"id":1.10}]', "f" * 64, 1)
    stored = b"".join(chunk_pieces(chunk, "aws", again=True))
    assert b'"items":[{"id":1.10}]' in stored
    frame = {
        "iot_device_id": "sensor-1",
        "chunk_index": 3,
        "start_timestamp": KEY.start,
        "end_timestamp": KEY.end,
        "source_cloud": "aws",
    }
    told = orjson.loads(stored)
    assert {name: told[name] for name in frame} == frame
    assert (told["sha256"], told["again"]) == ("f" * 64, True)
    assert orjson.loads(b"".join(seal_pieces(KEY, "aws"))) == {**frame, "seal": True, "items": []}
    assert orjson.loads(b"".join(look_pieces(KEY, "aws"))) == {**frame, "look": True}
    assert orjson.loads(b"".join(highest_pieces("d", "gcp")))["highest"] is True


def test_a_part_of_text_travels_as_text_and_any_other_as_base64() -> None:
    part = ArchivePart("k", "é".encode(), "0" * 64, number=2, total=3, metadata={"items": "1"})
    text, other = (orjson.loads(b"".join(part.pieces("aws", as_text=as_text))) for as_text in (True, False))
    assert (text["data"], text["data_encoding"], other["data"], other["data_encoding"]) == (
        "é",
        "utf-8",
        "w6k=",
        "base64",
    )
    assert (text["is_multipart"], text["part_number"], text["total_parts"]) == (True, 2, 3)
    with pytest.raises(UnicodeDecodeError):
        ArchivePart("k", b"\xff", "0" * 64).pieces("aws", as_text=True)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.3.2.1", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("x.y", False),
    ],
)
def test_plain_http_is_for_this_machine_alone(host: str, here: bool) -> None:
    assert is_loopback(host) is here
