"""Calls of Cloud Storage for the faults arranged by tests: descriptions and failures."""

from __future__ import annotations

from aiohttp import web

from l3kit.sandbox.answers import json_answer
from l3kit.sandbox.faults.services import Service


class StorageCalls(Service):
    """Calls of Cloud Storage, whose bodies are streamed."""

    once = "The sandbox cannot deliver calls of Cloud Storage twice"

    def error(self, status: int) -> web.Response:
        return _answer(status, "backendError")

    def throttled(self) -> web.Response:
        return _answer(429, "rateLimitExceeded")


def _answer(status: int, reason: str) -> web.Response:
    content = {"code": status, "message": reason, "errors": [{"reason": reason, "message": reason}]}
    return json_answer({"error": content}, status)
