"""A server on loopback that answers with bytes as they are scripted, right or wrong."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Raw:
    """What the server does, and what it has seen.

    Attributes:
        closes_after: requests after which it closes a connection; 0 never does.
        reads_bodies: or answers, and closes, after the head.
        drips: follows each answer by a byte every 20 ms.
        closed: set whenever it has closed a connection.
    """

    port: int = 0
    closes_after: int = 0
    reads_bodies: bool = True
    drips: bool = False
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    _answers: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def script(self, *answers: bytes) -> None:
        """Give these answers in turn, then repeat the last one."""
        self._answers = list(answers)

    def serve(self, connection: socket.socket) -> None:
        """Answer the requests of one connection."""
        with connection, suppress(OSError):
            answered = 0
            while (request := self._request(connection)) and not self.over.is_set():
                self.requests.append(request)
                connection.sendall(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])
                while self.drips and not self.over.wait(0.02):
                    connection.sendall(b"x")
                answered += 1
                if answered == self.closes_after or not self.reads_bodies:
                    break
        self.closed.set()

    def _request(self, connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            if not (block := connection.recv(65536)):
                return b""
            data += block
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        missing = int(lengths[0]) - len(body) if lengths and self.reads_bodies else 0
        while missing > 0 and (block := connection.recv(missing)):
            data, missing = data + block, missing - len(block)
        return data


@contextmanager
def raw_server() -> Iterator[Raw]:
    """Run a server on a free port."""
    raw = Raw()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        raw.port = listening.getsockname()[1]

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    connection.settimeout(20)
                    raw.connections += 1
                    threading.Thread(target=raw.serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield raw
        finally:
            raw.over.set()
            listening.shutdown(socket.SHUT_RDWR)
