"""azure-core hooks that count the requests to Cosmos DB and prevent repeats."""

from __future__ import annotations

import json
from typing import Any, Literal
from urllib.parse import urlsplit

from l3kit.tiering.ports import Usage

Direction = Literal["read", "write"]


class SecondSendError(Exception):
    """The SDK tried to resend a request that must be sent once."""


class Exchange:
    """Counts the traffic of one call and enforces its limit on sends."""

    def __init__(self, usage: Usage, kind: str, direction: Direction, once: bool) -> None:
        self._usage = usage
        self._kind = kind
        self._direction = direction
        self._once = once
        self.sent = False
        self.headers: dict[str, str] = {}

    def options(self) -> dict[str, Any]:
        return {"raw_request_hook": self._on_request, "raw_response_hook": self._on_response}

    def _on_request(self, request: Any) -> None:
        if self._once and self.sent:
            raise SecondSendError
        self.sent = True
        self._usage.count(self._kind)
        self._usage.bytes_out += int(request.http_request.headers.get("Content-Length") or 0)

    def _on_response(self, response: Any) -> None:
        self.headers = {name.lower(): value for name, value in response.http_response.headers.items()}
        self._usage.bytes_in += int(self.headers.get("content-length") or 0)
        units = float(self.headers.get("x-ms-request-charge") or 0)
        if self._direction == "read":
            self._usage.read_units += units
        else:
            self._usage.write_units += units


class AccountRequests:
    """Counts the SDK's own requests for properties of the account and the container."""

    def __init__(self, usage: Usage) -> None:
        self._usage = usage
        self.level = ""

    def on_request(self, request: Any) -> None:
        self._usage.count("metadata")

    def on_response(self, response: Any) -> None:
        if urlsplit(response.http_request.url).path in ("", "/") and response.http_response.status_code == 200:
            policy = json.loads(response.http_response.body()).get("userConsistencyPolicy") or {}
            self.level = str(policy.get("defaultConsistencyLevel", ""))
