"""A sender on a signed link: what it sends, each time anew, and what it says of a refusal."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from l3kit.errors import TransferError
from l3kit.tiering.format.chunks import Chunk
from l3kit.tiering.link_auth import SIGNATURE
from l3kit.tiering.runtime.log_lines import LogLines
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.cold_writer import ColdWriter
from l3kit.tiering.transfer.sender import Writer
from l3kit.tiering.transfer.signing import Signable, signed_at
from l3kit.tiering.transfer.wire import Request, Response
from tests.support.memory_stores import MemoryObjectStore
from tests.support.wire_server import LINK, TOKEN, Server, Waits, chunk_of, item, receipt

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HEADER = "X-Inter-Cloud-Signature"


class Clock:
    """A clock that goes on by a second each time somebody looks."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def signing(server: Server, waits: Waits) -> Iterator[Writer]:
    sender = Writer(
        server.url,
        Secret(TOKEN),
        LINK,
        signed_path=ColdWriter.path,
        sleep=waits,
        jitter=lambda: 0.0,
        now=Clock(),
        timeout=0.5,
    )
    yield sender
    sender.close()


@pytest.fixture
def store() -> MemoryObjectStore:
    return MemoryObjectStore("cold")


@pytest.fixture
def cold(store: MemoryObjectStore) -> ColdWriter:
    return ColdWriter(store, Secret(TOKEN), auth=SIGNATURE, clock=lambda: NOW)


def test_a_signed_request_does_not_carry_the_token(server: Server, chunk: Chunk, signing: Writer) -> None:
    server.script(receipt(chunk))
    signing.post_chunk(chunk, "aws")
    (seen,) = server.seen
    assert not [text for text in (*seen.headers, *seen.headers.values(), str(seen.body)) if TOKEN in text]
    assert "X-Inter-Cloud-Token" not in seen.headers
    request = Signable("POST", "/cold-writer", seen.body)
    assert signed_at(seen.headers[HEADER], request, [Secret(TOKEN)]) == int(NOW.timestamp()) + 1


@pytest.mark.parametrize("count", [3, 300], ids=["plain", "gzip"])
def test_a_writer_of_signatures_takes_it_plain_and_packed(
    served: Callable[[Any], Server], cold: ColdWriter, store: MemoryObjectStore, signing: Writer, count: int
) -> None:
    sent = served(cold)
    chunk = chunk_of([item(minute) for minute in range(count)])
    assert signing.post_chunk(chunk, "aws").written == count
    assert ("Content-Encoding" in sent.seen[0].headers) == (count == 300)
    assert asyncio.run(store.read(str(chunk.key))) == chunk.body


def test_a_request_whose_answer_was_lost_is_signed_anew_and_stored_once(
    server: Server, cold: ColdWriter, store: MemoryObjectStore, chunk: Chunk, signing: Writer, waits: Waits
) -> None:
    answers: list[Response] = []

    def answer(request: Request) -> Response:
        answers.append(asyncio.run(cold.handle(request)))
        return Response(0, {}) if len(answers) == 1 else answers[-1]

    server.answer = answer
    assert signing.post_chunk(chunk, "aws").sha256 == chunk.sha256
    assert [one.status for one in answers] == [200, 200]
    first, second = (seen.headers[HEADER] for seen in server.seen)
    assert first.partition(",")[0] == f"t={int(NOW.timestamp()) + 1}"
    assert second.partition(",")[0] == f"t={int(NOW.timestamp()) + 2}"
    assert waits.seconds == [1.0]
    replayed = Request({HEADER: first}, server.seen[0].body)
    assert asyncio.run(cold.handle(replayed)).body == answers[0].body, "sent once more by somebody else"
    assert asyncio.run(store.read(str(chunk.key))) == chunk.body


def test_a_sender_with_a_wrong_clock_is_told_to_set_it(
    served: Callable[[Any], Server], store: MemoryObjectStore, chunk: Chunk, signing: Writer
) -> None:
    served(ColdWriter(store, Secret(TOKEN), auth=SIGNATURE, clock=lambda: NOW + timedelta(hours=1)))
    with pytest.raises(TransferError, match=r"3599 s behind; 300 s are allowed.*Set the clock") as caught:
        signing.post_chunk(chunk, "aws")
    assert caught.value.status == 403


def test_a_sender_of_the_token_is_told_that_both_ends_differ(
    served: Callable[[Any], Server], cold: ColdWriter, chunk: Chunk, writer: Writer
) -> None:
    served(cold)
    with pytest.raises(TransferError, match=rf"{HEADER} is missing.*or their link_auth: apply the twin again"):
        writer.post_chunk(chunk, "aws")


def test_a_signature_is_in_no_error_and_in_no_log(
    server: Server, chunk: Chunk, signing: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server.answer = lambda request: Response(400, {"error": f"odd: {dict(request.headers)}"[:150]})
    with pytest.raises(TransferError) as caught:
        signing.post_chunk(chunk, "aws")
    server.answer = lambda request: Response(400, {"error": f"odd: {request.header(HEADER)}"})
    with pytest.raises(TransferError, match=r"odd: t=\d+,v1=\*\*\*") as echoed:
        signing.post_chunk(chunk, "aws")
    lines = LogLines("hot-to-cold-mover", Secret(TOKEN))
    shown = "".join(map(lines.format, caplog.records))
    for seen in server.seen:
        mac = seen.headers[HEADER].partition("v1=")[2]
        assert mac[:16] not in f"{caught.value} {echoed.value} {signing!r} {shown}"
    record = caplog.records[0].__class__("n", 20, "p", 1, f"headers: {server.seen[0].headers}", (), None)
    assert re.search(r"v1=\*\*\*", lines.format(record))
