"""Answers: JSON resources, and errors in the common form of Google's APIs."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiohttp import web


class Refusal(Exception):
    """Ends a call with an error answer.

    Args:
        reason: Google's error reason, such as `conditionNotMet`.
        location: kind and name of the offending header or parameter.
        headers: of the answer.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        location: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.location = location
        self.headers = headers or {}

    def answer(self, *, media: bool) -> web.Response:
        """The error response; in plain text for a download (`media`)."""
        if self.status == 304:
            return web.Response(status=304, headers=self.headers)
        if media:
            return web.Response(status=self.status, text=self.message, headers=self.headers)
        detail = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.location:
            detail["locationType"], detail["location"] = self.location
        content = {"error": {"code": self.status, "message": self.message, "errors": [detail]}}
        return json_answer(content, self.status, self.headers)


def json_answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        body=json.dumps(content).encode(),
        status=status,
        content_type="application/json",
        charset="UTF-8",
        headers=headers,
    )


def invalid(message: str, parameter: str = "") -> Refusal:
    return Refusal(400, "invalid", message, location=("parameter", parameter) if parameter else None)


def required(parameter: str) -> Refusal:
    return Refusal(400, "required", f"Required parameter: {parameter}", location=("parameter", parameter))


def not_served(what: str) -> Refusal:
    """Refusal of a feature that only the real service supports."""
    return Refusal(501, "notImplemented", f"The l3kit sandbox's Cloud Storage does not serve {what}")
