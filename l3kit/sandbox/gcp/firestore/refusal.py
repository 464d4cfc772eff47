"""Errors that end a call."""

from __future__ import annotations

import grpc


class CallRefusedError(Exception):
    """Ends a call with a gRPC status; raised by the server or by an `Intercept`.

    Args:
        code: gRPC status code.
        message: text of the status.
        retry_after: seconds in the answer's google.rpc.RetryInfo; None omits it.
    """

    def __init__(self, code: grpc.StatusCode, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after


def invalid(message: str) -> CallRefusedError:
    """Refusal of a request that is invalid regardless of the stored data."""
    return CallRefusedError(grpc.StatusCode.INVALID_ARGUMENT, message)


def unimplemented(what: str) -> CallRefusedError:
    """Refusal of a feature that only the real Firestore supports."""
    return CallRefusedError(grpc.StatusCode.UNIMPLEMENTED, f"the sandbox's Firestore has no {what}")


def not_found(name: str) -> CallRefusedError:
    """Refusal of a call on a missing document."""
    return CallRefusedError(grpc.StatusCode.NOT_FOUND, f"Document not found: {name}")
