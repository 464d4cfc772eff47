"""A subscriber of alarms on loopback: confirms what it is asked to confirm, and keeps what it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import urlopen


@dataclass
class Subscriber:
    """What came in. `url` is the address for `notify`; `told` holds the messages of alarms, parsed."""

    url: str
    confirms: bool
    told: list[dict[str, Any]] = field(default_factory=list)

    def take(self, message: dict[str, Any]) -> None:
        if message["Type"] == "Notification":
            self.told.append(json.loads(message["Message"]))
        elif self.confirms:
            with urlopen(message["SubscribeURL"], timeout=30) as answer:
                answer.read()

    def wait_for(self, alarm: str, state: str, seconds: float = 60) -> dict[str, Any]:
        """The message that an alarm came into this state."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for told in list(self.told):
                if (told["AlarmName"], told["NewStateValue"]) == (alarm, state):
                    return told
            time.sleep(0.1)
        raise AssertionError(f"no message of {alarm} in {state}; there were {self.told}")


@contextmanager
def subscriber(*, confirms: bool = True) -> Iterator[Subscriber]:
    """A running subscriber."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()
            found.take(message)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Subscriber(f"http://127.0.0.1:{server.server_port}/hook/KEY", confirms)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
