"""Requests and answers of Google's control plane, and refusals in its forms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

STORAGE = "storage.googleapis.com"
CODES: Mapping[str, tuple[int, int]] = {
    "CANCELLED": (499, 1),
    "INVALID_ARGUMENT": (400, 3),
    "NOT_FOUND": (404, 5),
    "ALREADY_EXISTS": (409, 6),
    "PERMISSION_DENIED": (403, 7),
    "RESOURCE_EXHAUSTED": (429, 8),
    "FAILED_PRECONDITION": (400, 9),
    "ABORTED": (409, 10),
    "UNIMPLEMENTED": (501, 12),
    "INTERNAL": (500, 13),
    "UNAVAILABLE": (503, 14),
    "UNAUTHENTICATED": (401, 16),
}
"""HTTP status and number of each code of `google.rpc.Code` that the double uses."""
_STORAGE_REASONS: Mapping[int, str] = {
    400: "invalid",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    409: "conflict",
    412: "conditionNotMet",
    429: "rateLimitExceeded",
    500: "backendError",
    501: "notImplemented",
    503: "backendError",
}


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """A request to one of Google's APIs.

    Attributes:
        service: the API, by its host.
        path: after the host, with the API's version, percent-encoded as sent, without a slash in front.
        query: parameters in the order sent, decoded.
        base: what a host follows in an address that the answer gives out.
    """

    service: str
    verb: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    base: str = "https:/"


@dataclass(frozen=True, slots=True)
class ControlAnswer:
    """An answer; its body is JSON, or empty."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)

    def json(self) -> Any:
        """Return the content; None if there is none."""
        return json.loads(self.body) if self.body else None


class RefusedError(Exception):
    """Ends a call with an error, or a long-running operation.

    Args:
        code: of `google.rpc.Code`.
        details: in the form of `google.rpc.Status`.
        status: HTTP status, if it is not the one of the code.
        reason: of Cloud Storage's form, if it is not the usual one of the status.
        headers: of the answer.
    """

    def __init__(
        self,
        code: str,
        message: str,
        details: Sequence[Mapping[str, Any]] = (),
        *,
        status: int = 0,
        reason: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = tuple(details)
        self.status = status or CODES[code][0]
        self.reason = reason or _STORAGE_REASONS.get(self.status, "invalid")
        self.headers = headers or {}

    def answer(self, service: str) -> ControlAnswer:
        """Return the answer in this service's form."""
        error: dict[str, Any] = {"code": self.status, "message": self.message}
        if service == STORAGE:
            error["errors"] = [{"message": self.message, "domain": "global", "reason": self.reason}]
        else:
            error["status"] = self.code
        if self.details:
            error["details"] = list(self.details)
        return json_answer({"error": error}, self.status, self.headers)

    def status_form(self) -> dict[str, Any]:
        """Return it as `google.rpc.Status`, which an operation ends in."""
        form: dict[str, Any] = {"code": CODES[self.code][1], "message": self.message}
        return {**form, "details": list(self.details)} if self.details else form


def json_answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> ControlAnswer:
    """Return an answer with this content."""
    sent = {"Content-Type": "application/json; charset=UTF-8", **(headers or {})}
    return ControlAnswer(status, sent, json.dumps(content).encode())


def invalid(message: str, *fields: str) -> RefusedError:
    """Return a refusal of an argument that the definitions allow; `fields` are named in its details."""
    violations = [{"field": one, "description": message} for one in fields]
    details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}] if fields else []
    return RefusedError("INVALID_ARGUMENT", message, details)


def unfulfilled(message: str) -> RefusedError:
    """Return a refusal for the state in which something is."""
    return RefusedError("FAILED_PRECONDITION", message)


def missing(message: str) -> RefusedError:
    """Return a refusal of something that is not there."""
    return RefusedError("NOT_FOUND", message)


def taken(message: str) -> RefusedError:
    """Return a refusal of a name that is in use."""
    return RefusedError("ALREADY_EXISTS", message)


def conflicting(message: str) -> RefusedError:
    """Return a refusal of a change that meets another one."""
    return RefusedError("ABORTED", message)


def error_info(reason: str, domain: str, **metadata: str) -> dict[str, Any]:
    """Return a detail that names the reason for programs."""
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    return {"@type": kind, "reason": reason, "domain": domain, "metadata": metadata}
