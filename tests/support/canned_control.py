"""A control plane that gives canned answers, and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from l3kit.clouds.ports.control import Query, Refusal

Answer = Mapping[str, Any] | Exception


@dataclass
class CannedControl:
    """The port `Control`.

    Attributes:
        answers: by `METHOD host/path`; a request that has none is refused with 404.
        asked: each request, with its body or query.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def get(self, service: str, path: str, query: Query | None = None) -> dict[str, Any]:
        return self._answer("GET", service, path, query)

    def post(self, service: str, path: str, body: Mapping[str, Any], query: Query | None = None) -> dict[str, Any]:
        return self._answer("POST", service, path, body)

    def put(self, service: str, path: str, body: Mapping[str, Any], query: Query | None = None) -> dict[str, Any]:
        return self._answer("PUT", service, path, body)

    def patch(self, service: str, path: str, body: Mapping[str, Any], query: Query | None = None) -> dict[str, Any]:
        return self._answer("PATCH", service, path, body)

    def delete(self, service: str, path: str, query: Query | None = None) -> dict[str, Any]:
        return self._answer("DELETE", service, path, query)

    def upload(self, url: str, content: bytes, headers: Mapping[str, str]) -> None:
        self._answer("PUT", url, "", content)

    def wait(self, service: str, operation: Mapping[str, Any], what: str, limit: float) -> dict[str, Any]:
        return dict(operation)

    def _answer(self, method: str, service: str, path: str, sent: Any) -> dict[str, Any]:
        name = f"{method} {service}/{path}"
        self.asked.append((name, sent))
        answer = self.answers.get(name, Refusal(404, "NOT_FOUND", "Not found"))
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            return dict(answer(sent))
        return dict(answer)


def disabled(service: str) -> Refusal:
    """Return the refusal of an API that the project has not enabled."""
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "SERVICE_DISABLED",
        "domain": "googleapis.com",
        "metadata": {"service": service, "consumer": "projects/1"},
    }
    return Refusal(
        403, "PERMISSION_DENIED", f"{service} has not been used in project 1 before or it is disabled", [detail]
    )
