"""An HTTP server on loopback for senders, and items and chunks to send."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from l3kit.tiering.format.chunks import Chunk, ChunkKey
from l3kit.tiering.transfer.wire import Request, Response

TOKEN = "a-token-of-64-characters-" + "0123456789abcdef" * 3
LINK = "aws_l3hot_to_azure_l3cold"


@dataclass
class Seen:
    """A received request."""

    headers: dict[str, str]
    body: bytes

    def envelope(self) -> dict[str, Any]:
        """The JSON object of the body, plain or gzip."""
        zipped = self.headers.get("Content-Encoding") == "gzip"
        content: dict[str, Any] = json.loads(gzip.decompress(self.body) if zipped else self.body)
        return content


@dataclass
class Server:
    """A server that answers with `answer`, which may be replaced at any time, and records its requests."""

    answer: Callable[[Request], Response]
    seen: list[Seen] = field(default_factory=list)
    url: str = ""
    hang: threading.Event = field(default_factory=threading.Event)

    def script(self, *responses: Response) -> None:
        """Give these answers in turn, then repeat the last one."""
        left = list(responses)
        self.answer = lambda request: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def serving() -> Iterator[Server]:
    """Run a server on a free port; its threads end with the block."""
    state = Server(answer=lambda request: Response(500, {}))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.seen.append(Seen(dict(self.headers), body))
            response = state.answer(Request(dict(self.headers), body))
            if response.status == 0:  # hang until the test ends, then close the connection
                state.hang.wait(20)
                self.close_connection = True
                return
            content = json.dumps(dict(response.body)).encode()
            self.send_response(response.status)
            for name, value in {**response.headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_PUT = do_POST

        def log_message(self, *args: Any) -> None:
            return None

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state.url = f"http://127.0.0.1:{http.server_port}/"
    try:
        yield state
    finally:
        state.hang.set()
        http.shutdown()
        thread.join()
        http.server_close()


@dataclass
class Waits:
    """Replacement for sleeping that records the requested times."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def item(minute: int, device: str = "sensor-1", **more: Any) -> dict[str, Any]:
    return {
        "iotDeviceId": device,
        "id": f"2024-01-01T{minute // 60:02d}:{minute % 60:02d}:00Z",
        "value": minute,
        **more,
    }


def chunk_of(
    items: list[dict[str, Any]], number: int = 0, compression: Any = "none", device: str = "sensor-1"
) -> Chunk:
    body = json.dumps(items, separators=(",", ":"), ensure_ascii=False).encode()
    key = ChunkKey(device, items[0]["id"], items[-1]["id"], number, compression)
    return Chunk(key, body, hashlib.sha256(body).hexdigest(), len(items))


def receipt(chunk: Chunk) -> Response:
    return Response(200, {"written": chunk.count, "key": str(chunk.key), "sha256": chunk.sha256})
