"""A sender tells each refusal by what it is, with a remedy that fits, and nothing of the token."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from l3kit.errors import TransferError
from l3kit.tiering.format.chunks import Chunk
from l3kit.tiering.receiver_limit import SMALLEST_LIMIT
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.refusals import Answer, cause_of, remedy_of
from l3kit.tiering.transfer.sender import Writer
from l3kit.tiering.transfer.wire import ArchivePart, Request, Response
from tests.support.wire_server import LINK, TOKEN, Server, chunk_of, item, receipt, serving

VERSIONS = "different versions"
HTML = {"content-type": "text/html; charset=utf-8"}
AWS = {"x-amzn-errortype": "AccessDeniedException:http://internal/coral"}
NO_TOKEN = "the header X-Inter-Cloud-Token is missing or wrong"


def told(status: int, body: Mapping[str, Any] = {}, headers: Mapping[str, str] = {}, *, packed: bool = False) -> str:
    answer = Answer(status, body, headers, packed)
    return f"{cause_of(answer, Secret(TOKEN))}. {remedy_of(answer)}"


@pytest.mark.parametrize(
    ("field", "cause", "remedy"),
    [
        ("items", "item 3 has no 'id'", "in the sender's data"),
        ("end_timestamp", "lies before 'start_timestamp'", "in the sender's data"),
        ("iot_device_id", "'_l3kit' is reserved", "in the sender's data"),
        ("sha256", "the items that arrived have 0000", "corrupted in transit: run the mover again"),
        ("data", "is not valid base64", "corrupted in transit"),
        ("body", "is not valid gzip (it ends too early)", "corrupted in transit"),
        ("object_key", "Azure drops a slash at the end", "does not allow this key: rename or remove the object"),
        ("metadata", "is longer than 1800 bytes", "the object's metadata"),
        ("compression", "must be one of none, gzip", VERSIONS),
        ("Idempotency-Key", "is not the key that this request writes", VERSIONS),
        ("a_field_of_tomorrow", "is missing", VERSIONS),
    ],
)
def test_a_400_is_told_in_the_writers_words_with_what_helps_against_that(field: str, cause: str, remedy: str) -> None:
    text = told(400, {"error": f"{field}: {cause}", "field": field})
    assert f"HTTP 400 ({field}: {cause})" in text
    assert remedy in text
    assert (VERSIONS in text) == (remedy == VERSIONS)


@pytest.mark.parametrize(
    ("status", "body", "headers", "says"),
    [
        (403, {"error": NO_TOKEN}, {}, "tokens of sender and receiver differ"),
        (403, {"Message": "Forbidden"}, AWS, "by AWS itself (AccessDeniedException). The url is not public"),
        (403, {}, HTML, "with an HTML page, which no writer returns. The request did not reach the writer"),
        (404, {}, HTML, "gone or its url changed"),
        (405, {}, {}, "not one of l3kit's writers"),
        (401, {}, {}, "not one of l3kit's writers"),
        (413, {"Message": "Request must be smaller"}, AWS, "Lower MAX_CHUNK_BYTES"),
        (415, {"error": "Content-Encoding: 'x' is not known"}, {}, VERSIONS),
        (429, {}, {}, "overloaded"),
        (500, {"error": "the storage failed"}, {}, "See the writer's log"),
        (
            502,
            {"Message": "Internal Server Error"},
            {"x-amzn-errortype": "InternalServerErrorException"},
            "See the writer's",
        ),
        (502, {}, HTML, "proxy or sign-in page"),
        (400, {"message": "no such thing"}, {}, "not from l3kit's writer"),
        (400, {}, HTML, "with an HTML page"),
        (418, {}, {}, "not from l3kit's writer"),
        (307, {}, {}, "Redirects are not followed"),
    ],
)
def test_each_status_has_its_own_remedy(status: int, body: dict[str, Any], headers: dict[str, str], says: str) -> None:
    text = told(status, body, headers)
    assert says in text
    assert (VERSIONS in text) == (says == VERSIONS)


def test_a_415_for_gzip_is_no_matter_of_versions() -> None:
    assert "does not accept gzip" in told(415, packed=True)


def test_neither_the_token_nor_control_characters_nor_a_page_are_repeated() -> None:
    text = told(400, {"error": f"items: {TOKEN}\r\n\x1b[31m{'x' * 1000}", "field": "items"})
    assert TOKEN not in text
    assert text.isprintable()
    assert len(text) < 400
    assert "secret" not in cause_of(Answer(403, {}, {"x-amzn-errortype": "secret"}), Secret("secret"))


def test_the_writers_reason_and_the_items_index_come_with_the_error(
    server: Server, writer: Writer, chunk: Chunk
) -> None:
    server.script(Response(400, {"error": "items: item 2 has no 'id'", "field": "items", "index": 2}))
    with pytest.raises(TransferError, match=r"item 2 has no 'id'.*sender's data") as caught:
        writer.post_chunk(chunk, "aws")
    assert (caught.value.status, caught.value.field, caught.value.index) == (400, "items", 2)


def test_a_writer_that_confirms_no_digest_is_refused_in_words(server: Server, writer: Writer, chunk: Chunk) -> None:
    server.script(Response(200, {"written": 3, "key": str(chunk.key)}))
    with pytest.raises(TransferError, match=r"no 'sha256', which every writer must return.*Nothing was"):
        writer.post_chunk(chunk, "aws")
    server.script(Response(200, {}, {"Content-Type": "text/html"}))
    with pytest.raises(TransferError, match=r"an HTML page.*sign-in page"):
        writer.post_chunk(chunk, "aws")


# --- a writer that does not accept gzip --------------------------------------------------------------------------


def plain_only(chunk: Chunk) -> Any:
    def answer(request: Request) -> Response:
        if request.header("Content-Encoding"):
            return Response(415, {"error": "only JSON"})
        json.loads(request.body)
        return receipt(chunk)

    return answer


def test_plain_json_is_sent_to_a_writer_that_takes_no_gzip_and_it_is_told_once(
    server: Server, writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    chunk = chunk_of([item(n) for n in range(200)])
    server.answer = plain_only(chunk)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert writer.post_chunk(chunk, "aws").sha256 == chunk.sha256
    encodings = [seen.headers.get("Content-Encoding") for seen in server.seen]
    assert encodings == ["gzip", None, None, None]
    assert caplog.text.count("does not accept gzip") == 1


def test_what_would_be_too_large_as_plain_json_is_not_sent_so(server: Server, writer: Writer) -> None:
    part = ArchivePart("k", b'"' * 4_000_000, "0" * 64)
    server.script(Response(415, {"error": "only JSON"}))
    with pytest.raises(TransferError, match=r"does not accept gzip, and plain JSON is too large.*MAX_CHUNK_BYTES"):
        writer.post_part(part, part.payload("aws", SMALLEST_LIMIT))
    assert len(server.seen) == 1


def test_an_answer_of_a_real_server_is_read_with_its_headers(chunk: Chunk) -> None:
    with serving() as server:
        server.script(Response(403, {"Message": "Forbidden"}, {"x-amzn-ErrorType": "AccessDeniedException"}))
        with pytest.raises(TransferError, match=f"{LINK}: HTTP 403 by AWS itself"):
            Writer(server.url, Secret(TOKEN), LINK).post_chunk(chunk, "aws")
