"""HTTP server of programs apart from the gateway, which load this file by its path.

It may import only the standard library.
"""

from __future__ import annotations

import socketserver
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

Answer = tuple[int, list[tuple[str, str]], bytes]


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Server with a thread per connection; unlike http.server, it does not look up the machine's host name."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing: a broken connection is the client's concern, and the message may quote its request."""


class Lines:
    """Reader of a request's head; `whole` is false if the connection ended within it."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.whole = True

    def readline(self, size: int = -1) -> bytes:
        line: bytes = self._file.readline(size)
        self.whole = line.endswith(b"\n")
        return line


class WholeHeads(BaseHTTPRequestHandler):
    """Request handler that, unlike http.server, refuses an incomplete head and quotes nothing of a refused request."""

    def parse_request(self) -> bool:
        """Parse the head; an incomplete one is refused."""
        whole, lines = self.rfile, Lines(self.rfile)
        self.rfile = lines  # type: ignore[assignment]
        try:
            taken = super().parse_request()
        finally:
            self.rfile = whole
        self.close_connection = self.close_connection or not lines.whole
        return taken and lines.whole

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send the status without a message."""
        super().send_error(code)


def handler_of(call: Callable[[str, str, list[tuple[str, str]], bytes], Answer]) -> type[BaseHTTPRequestHandler]:
    """Create a handler class that answers with `call`; the gateway always sends a Content-Length."""

    class Handler(WholeHeads):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _serve(self) -> None:
            given = self.headers.get("Content-Length") or "0"
            if not given.isascii() or not given.isdecimal() or "Transfer-Encoding" in self.headers:
                self.send_error(400)
                return
            length = int(given)
            body = self.rfile.read(length)
            if len(body) < length:  # the client has disconnected
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
            """Log nothing: the log belongs to the function."""

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return self._serve
            raise AttributeError(name)

    return Handler
