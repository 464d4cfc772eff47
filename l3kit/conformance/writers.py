"""Contract of each deployed writer for requests of another cloud's mover: docs/reference/protocol.md over real HTTP."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.connection import open_session
from l3kit.tiering.transfer.signing import SIGNATURE_HEADER, Signable, signature_header
from l3kit.tiering.transfer.wire import TOKEN_HEADER

SECONDS = 60
START, END = "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"
BLANKS = 17_000_000
"""Bytes of a body that no writer on any cloud accepts."""


@dataclass(frozen=True)
class Writer:
    """A deployed writer's address and token.

    Attributes:
        signed_path: path of the function, such as `/cold-writer`; requests are then signed instead of carrying the
            token.
    """

    url: str
    token: str = field(repr=False)
    signed_path: str = ""

    def send(self, body: bytes, method: str = "POST", **headers: str) -> tuple[int, Any]:
        """Send a request with the token. Returns: status and the answer's JSON; None if it is not JSON."""
        request = Signable(method, self.signed_path, body)
        return self.send_with(self._credentials(request), body, method, **headers)

    def send_signed(self, signed: Signable, body: bytes, now: datetime) -> tuple[int, Any]:
        """Post a body with the signature of another request, or of this one."""
        return self.send_with({SIGNATURE_HEADER: signature_header(signed, Secret(self.token), now)}, body)

    def send_with(
        self, credentials: Mapping[str, str], body: bytes, method: str = "POST", **headers: str
    ) -> tuple[int, Any]:
        """Send a request with these headers alone."""
        with open_session(self.url) as http:
            answer = http.request(method, self.url, data=body, headers={**credentials, **headers}, timeout=SECONDS)
        try:
            return answer.status_code, answer.json()
        except requests.JSONDecodeError:
            return answer.status_code, None

    def _credentials(self, request: Signable) -> dict[str, str]:
        if self.signed_path:
            return {SIGNATURE_HEADER: signature_header(request, Secret(self.token), datetime.now(UTC))}
        return {TOKEN_HEADER: self.token}

    def post(self, envelope: Mapping[str, Any], **headers: str) -> tuple[int, Any]:
        return self.send(encoded(envelope), **headers)


def encoded(envelope: Mapping[str, Any]) -> bytes:
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()


def chunk(device: str, **changes: Any) -> dict[str, Any]:
    """Return a cold envelope of two items."""
    items = [{"iotDeviceId": device, "id": moment, "text": '传感器 "1"'} for moment in (START, END)]
    bounds = {"start_timestamp": START, "end_timestamp": END}
    return {"iot_device_id": device, "chunk_index": 1, **bounds, "items": items, **changes}


def parcel(key: str, **changes: Any) -> dict[str, Any]:
    """Return an archive envelope."""
    return {"object_key": key, "data": "[]", "metadata": {"items": "0"}, **changes}


def sha256(envelope: Mapping[str, Any]) -> str:
    """Return the digest of an envelope's items in the form sent."""
    return hashlib.sha256(encoded(envelope["items"])).hexdigest()


class WriterSuite:
    """Cases of the cold writer and the archive writer.

    A subclass in a test module needs the fixtures `cold_writer` and `archive_writer`.
    """

    @pytest.fixture
    def device(self) -> str:
        """A device that no earlier case has used."""
        return f"传感器/{uuid.uuid4().hex[:12]}"

    @pytest.mark.parametrize("token", ["", "wrong"])
    def test_without_the_token_nothing_is_looked_at(
        self, cold_writer: Writer, archive_writer: Writer, token: str
    ) -> None:
        for writer in (cold_writer, archive_writer):
            status, answer = dataclasses.replace(writer, token=token).send(b"{")
            assert status == 403
            assert (SIGNATURE_HEADER if writer.signed_path else TOKEN_HEADER) in answer["error"]

    def test_a_request_is_admitted_by_a_signature_of_exactly_it(
        self, cold_writer: Writer, archive_writer: Writer
    ) -> None:
        for writer, other, path in (
            (cold_writer, archive_writer, "/cold-writer"),
            (archive_writer, cold_writer, "/archive-writer"),
        ):
            now, body = datetime.now(UTC), b"[1]"
            request = Signable("POST", path, body)
            assert writer.send_signed(request, body, now)[0] == 400, "admitted, and then looked at"
            assert writer.send_signed(request, gzip.compress(body), now)[0] == 403, "the body is signed as it is sent"
            for change in ({"method": "PUT"}, {"path": "/"}, {"body": b"[2]"}):
                assert writer.send_signed(dataclasses.replace(request, **change), body, now)[0] == 403
            assert dataclasses.replace(writer, token=other.token).send_signed(request, body, now)[0] == 403

    def test_a_signature_of_another_time_is_refused_with_the_clock_skew(
        self, cold_writer: Writer, archive_writer: Writer
    ) -> None:
        for writer, path in ((cold_writer, "/cold-writer"), (archive_writer, "/archive-writer")):
            for minutes in (-10, 10):
                moment = datetime.now(UTC) + timedelta(minutes=minutes)
                request = Signable("POST", path, b"{")
                status, answer = writer.send_signed(request, b"{", moment)
                assert status == 403
                assert abs(answer["clock_skew"] - 60 * minutes) < SECONDS
                assert "set the sender's clock" in answer["error"]
                status, answer = dataclasses.replace(writer, token="wrong").send_signed(request, b"{", moment)
                assert status == 403
                assert "clock_skew" not in answer

    def test_a_signed_request_that_is_sent_again_as_it_was_stores_nothing_twice(
        self, cold_writer: Writer, device: str
    ) -> None:
        now, body = datetime.now(UTC), encoded(chunk(device))
        request = Signable("POST", "/cold-writer", body)
        first = cold_writer.send_signed(request, body, now)
        assert (first[0], cold_writer.send_signed(request, body, now)) == (200, first)

    def test_no_other_method_writes(self, cold_writer: Writer, archive_writer: Writer, device: str) -> None:
        assert cold_writer.send(encoded(chunk(device)), "PUT")[0] == 405
        assert archive_writer.send(encoded(parcel(device)), "PUT")[0] == 405
        assert cold_writer.post({"iot_device_id": device, "highest": True})[1]["highest"] == 0

    @pytest.mark.parametrize("missing", ["iot_device_id", "chunk_index", "end_timestamp", "items"])
    def test_a_chunk_without_a_field_is_refused_naming_it(self, cold_writer: Writer, device: str, missing: str) -> None:
        envelope = chunk(device)
        del envelope[missing]
        status, answer = cold_writer.post(envelope)
        assert (status, answer["field"]) == (400, missing)

    def test_a_body_that_is_not_json_is_refused(self, cold_writer: Writer, archive_writer: Writer) -> None:
        assert [writer.send(b"{")[0] for writer in (cold_writer, archive_writer)] == [400, 400]

    def test_a_repeated_chunk_is_a_success_and_other_content_a_conflict(self, cold_writer: Writer, device: str) -> None:
        first = chunk(device)
        status, receipt = cold_writer.post(first)
        assert (status, receipt["written"], receipt["sha256"]) == (200, 2, sha256(first))
        packed = gzip.compress(encoded(first))
        assert cold_writer.send(packed, **{"Content-Encoding": "gzip"}) == (200, receipt)
        status, conflict = cold_writer.post(chunk(device, items=first["items"][::-1]))
        assert (status, conflict["key"], conflict["sha256"]) == (409, receipt["key"], receipt["sha256"])

    def test_the_highest_number_of_a_device_is_returned(self, cold_writer: Writer, device: str) -> None:
        cold_writer.post(chunk(device, chunk_index=7))
        assert cold_writer.post({"iot_device_id": device, "highest": True})[1]["highest"] == 7

    def test_a_repeated_object_is_a_success_and_other_content_a_conflict(
        self, archive_writer: Writer, device: str
    ) -> None:
        key = f"{device}/chunk.json"
        status, receipt = archive_writer.post(parcel(key))
        assert (status, receipt["key"], receipt["written"]) == (200, key, 2)
        assert archive_writer.post(parcel(key)) == (200, receipt)
        status, conflict = archive_writer.post(parcel(key, data="[1]"))
        assert (status, conflict["key"], conflict["sha256"]) == (409, key, receipt["sha256"])

    def test_the_parts_of_an_object_end_in_one_object(self, archive_writer: Writer, device: str) -> None:
        body = "传感器" * 1000
        digest = hashlib.sha256(body.encode()).hexdigest()
        halves = {1: body[:1500], 2: body[1500:]}
        more = {"is_multipart": True, "total_parts": 2, "sha256": digest}
        first, second = (parcel(device, data=text, part_number=n, **more) for n, text in halves.items())
        assert archive_writer.post(second)[1]["pending"] == [1]
        status, receipt = archive_writer.post(first)
        assert (status, receipt["written"], receipt["sha256"]) == (200, len(body.encode()), digest)
        assert archive_writer.post(second) == (200, receipt)

    def test_what_is_too_large_is_413(self, cold_writer: Writer, archive_writer: Writer) -> None:
        for writer in (cold_writer, archive_writer):
            assert writer.send(b" " * BLANKS)[0] == 413
            status, answer = writer.send(gzip.compress(bytes(2 * BLANKS)), **{"Content-Encoding": "gzip"})
            assert (status, answer["field"]) == (413, "body")

    def test_an_unknown_encoding_is_415(self, cold_writer: Writer, archive_writer: Writer) -> None:
        for writer in (cold_writer, archive_writer):
            assert writer.send(b"{}", **{"Content-Encoding": "br"})[0] == 415
