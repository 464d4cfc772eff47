"""A sender that knows docs/reference/openapi.yaml and docs/reference/protocol.md, and nothing of l3kit's code."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "openapi.yaml"


@dataclass(frozen=True)
class Example:
    """A documented answer, and the request that it answers."""

    status: int
    name: str
    request: Mapping[str, Any]
    answer: Mapping[str, Any]


def resolved(document: Mapping[str, Any], part: Any) -> Any:
    """A part of the document, or what its `$ref` points to."""
    while "$ref" in part:
        found: Any = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


@dataclass(frozen=True)
class ForeignSender:
    """Sends to one receiver.

    Attributes:
        path: of the receiver in the document, which is what its signatures contain.
    """

    path: str
    url: str
    token: str = field(repr=False)
    document: Mapping[str, Any] = field(default_factory=lambda: yaml.safe_load(DOCUMENT.read_text("utf-8")), repr=False)

    @property
    def operation(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.document["paths"][self.path]["post"]
        return found

    @property
    def bodies(self) -> dict[str, Any]:
        """The documented examples of a request."""
        body = resolved(self.document, self.operation["requestBody"])["content"]["application/json"]
        return {name: example["value"] for name, example in body["examples"].items()}

    @property
    def examples(self) -> Iterator[Example]:
        """The documented examples of answers, in their order."""
        for status, answer in self.operation["responses"].items():
            content = resolved(self.document, answer)["content"]["application/json"]
            for name, example in content.get("examples", {}).items():
                yield Example(int(status), name, example["x-request"], example["value"])

    def send(self, request: Mapping[str, Any]) -> requests.Response:
        """Send what an `x-request` describes."""
        body = request.get("body", next(iter(self.bodies)))
        content = json.dumps(self.bodies[body] if isinstance(body, str) else body).encode()
        method, named = request.get("method", "POST"), request.get("headers", {})
        if "clock" not in request:
            return self.request(method, content, {"X-Inter-Cloud-Token": self.token, **named})
        for _ in range(20):
            second = int(time.time())
            answer = self.request(method, content, {**self.signature(content, second + request["clock"]), **named})
            if int(time.time()) == second:  # both ends have read the same second from their clock
                return answer
        raise AssertionError("no answer came within the second in which its request was signed")

    def request(self, method: str, content: bytes, headers: Mapping[str, str]) -> requests.Response:
        sent = {"Content-Type": "application/json", **headers}
        return requests.request(method, self.url, data=content, headers=sent, timeout=120)

    def signature(self, content: bytes, seconds: int) -> dict[str, str]:
        """The header with the signature of a POST, at a Unix time."""
        lines = ["v1", str(seconds), "POST", self.path, hashlib.sha256(content).hexdigest()]
        made = hmac.new(self.token.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
        return {"X-Inter-Cloud-Signature": f"t={seconds},v1={made}"}
