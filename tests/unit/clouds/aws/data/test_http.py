"""The HTTP client against a server that sends what it is told, in pieces of any size, and closes when it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.clouds.aws.data.http import HttpClient, HttpError, HttpResponse

BODY = bytes(range(256)) * 3
LENGTH = b"HTTP/1.1 200 OK\r\nX-Name: some value\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;ignored=1\r\n\r\n0\r\n\r\nb\r\nhello world\r\n0\r\n\r\n"
)
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\nall there is"


class Server:
    """Answers every request with the next of the given answers, each a list of pieces; None closes the connection."""

    def __init__(self, *answers: Sequence[bytes | None]) -> None:
        self._answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while self._answers:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            self.requests.append(head + await reader.readexactly(length))
            for piece in self._answers.pop(0):
                if piece is None:
                    writer.close()
                    return
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()


def ask(server: Server, steps: Callable[[HttpClient], Awaitable[None]]) -> None:
    async def run() -> None:
        listening = await asyncio.start_server(server.handle, "127.0.0.1", 0)
        client = HttpClient(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
        try:
            await steps(client)
        finally:
            client.close()
            listening.close()

    asyncio.run(run())


async def get(client: HttpClient, method: str = "GET", **more: float) -> HttpResponse:
    return await client.request(method, "/", {"host": "x"}, b"", **{"timeout": 60.0, **more})  # type: ignore[arg-type]


def pieces(data: bytes, sizes: Sequence[int]) -> list[bytes | None]:
    cut, at = [], 0
    for size in sizes:
        cut.append(data[at : at + size])
        at += size
    return [piece for piece in [*cut, data[at:]] if piece]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 90), max_size=12),
    st.sampled_from([(LENGTH, BODY), (CHUNKED, b"\r\n0\r\n" + b"hello world")]),
)
def test_an_answer_in_pieces_of_any_size_is_the_same_answer(sizes: list[int], sent: tuple[bytes, bytes]) -> None:
    async def steps(client: HttpClient) -> None:
        assert (await get(client)).body == sent[1]

    ask(Server(pieces(sent[0], sizes)), steps)


@pytest.mark.parametrize("answer", [LENGTH, CHUNKED], ids=["length", "chunked"])
def test_an_answer_that_ends_early_at_any_byte_is_none(answer: bytes) -> None:
    cuts = range(1, len(answer), 97 if answer is LENGTH else 7)

    async def steps(client: HttpClient) -> None:
        for _ in cuts:
            with pytest.raises(HttpError, match="closed early"):
                await get(client)

    ask(Server(*([answer[:cut], None] for cut in cuts)), steps)


def test_a_body_without_length_ends_with_the_connection() -> None:
    async def steps(client: HttpClient) -> None:
        assert (await get(client)).body == b"all there is"

    ask(Server([UNTIL_CLOSE, None]), steps)


def test_answers_without_a_body_have_none_whatever_their_length_says() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\netag: abc\r\n\r\n"

    async def steps(client: HttpClient) -> None:
        answer = await get(client, "HEAD")
        assert (answer.body, answer.headers["etag"], answer.headers["content-length"]) == (b"", "abc", "5000")
        assert (await get(client)).status == 204

    server = Server([head], [b"HTTP/1.1 204 No Content\r\n\r\n"])
    ask(server, steps)
    assert server.connections == 1


def test_an_interim_answer_is_passed_over() -> None:
    async def steps(client: HttpClient) -> None:
        assert (await get(client)).body == BODY

    ask(Server([b"HTTP/1.1 100 Continue\r\n\r\n", LENGTH]), steps)


def test_a_kept_connection_that_was_closed_is_replaced_unless_the_request_must_not_go_twice() -> None:
    async def steps(client: HttpClient) -> None:
        await get(client)
        assert (await get(client)).body == BODY
        await get(client)
        with pytest.raises(HttpError, match="was closed"):
            await client.request("POST", "/", {"host": "x"}, b"once", timeout=60.0, once=True)

    server = Server([LENGTH], [None], [LENGTH], [LENGTH], [None], [LENGTH])
    ask(server, steps)
    assert [request[-4:] for request in server.requests].count(b"once") == 1


def test_silence_ends_with_the_time_out_and_the_connection_is_not_used_again() -> None:
    async def steps(client: HttpClient) -> None:
        with pytest.raises(HttpError, match=r"no complete answer within 0\.05 s"):
            await get(client, timeout=0.05)
        assert (await get(client)).body == BODY

    server = Server([LENGTH[:40]], [LENGTH])
    ask(server, steps)
    assert server.connections == 2


def test_what_is_not_http_is_refused_and_a_closed_port_named() -> None:
    async def steps(client: HttpClient) -> None:
        with pytest.raises(HttpError, match="is not HTTP"):
            await get(client)

    ask(Server([b"nonsense\r\n\r\n"]), steps)

    async def nobody() -> None:
        with pytest.raises(HttpError, match="cannot be reached"):
            await get(HttpClient("http://127.0.0.1:1"))

    asyncio.run(nobody())
