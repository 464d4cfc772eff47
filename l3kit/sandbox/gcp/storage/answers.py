"""What the server says: JSON resources, and errors in the form Google's APIs share."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiohttp import web


class Refusal(Exception):
    """Ends a call with an error answer.

    Args:
        reason: Google's word for the kind of error, such as `conditionNotMet`.
        location: the header or parameter that is at fault.
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
        """The error as a response; a request for an object's content is answered in plain text."""
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
    """For what the real service can do and this one cannot: said aloud, never passed over."""
    return Refusal(501, "notImplemented", f"The l3kit sandbox's Cloud Storage does not serve {what}")
