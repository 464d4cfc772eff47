"""The HTTP side of `azure_host.py`, which loads it by its place. It may import nothing but the standard library."""

from __future__ import annotations

import socketserver
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

Answer = tuple[int, list[tuple[str, str]], bytes]


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A thread for each connection; it asks nobody for this machine's name, as http.server does."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """What breaks a connection is its client's; an error's words may quote what it sent."""


class Lines:
    """A request's head as it is read; `whole` unless the connection ended in the midst of it."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.whole = True

    def readline(self, size: int = -1) -> bytes:
        line: bytes = self._file.readline(size)
        self.whole = line.endswith(b"\n")
        return line


class WholeHeads(BaseHTTPRequestHandler):
    """http.server takes half a head for a whole one, and quotes what it refuses; this does neither."""

    def parse_request(self) -> bool:
        """See http.server."""
        whole, lines = self.rfile, Lines(self.rfile)
        self.rfile = lines  # type: ignore[assignment]
        try:
            taken = super().parse_request()
        finally:
            self.rfile = whole
        self.close_connection = self.close_connection or not lines.whole
        return taken and lines.whole

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """See http.server."""
        super().send_error(code)


def handler_of(call: Callable[[str, str, list[tuple[str, str]], bytes], Answer]) -> type[BaseHTTPRequestHandler]:
    """The HTTP side; the gateway in front sends each body's length."""

    class Handler(WholeHeads):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _serve(self) -> None:
            told = self.headers.get("Content-Length") or "0"
            if not told.isascii() or not told.isdecimal() or "Transfer-Encoding" in self.headers:
                self.send_error(400)
                return
            length = int(told)
            body = self.rfile.read(length)
            if len(body) < length:  # its sender is gone
                self.close_connection = True
                return
            status, answered, content = call(self.command, self.path, list(self.headers.items()), body)
            self.send_response(status)
            for name, value in answered:
                if name.lower() != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """The function's log is its own."""

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return self._serve
            raise AttributeError(name)

    return Handler
