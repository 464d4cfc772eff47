"""How a call ends in an error."""

from __future__ import annotations

import grpc


class CallRefusedError(Exception):
    """Ends a call with a gRPC status. The server raises it, and an `Intercept` may.

    Args:
        code: the status.
        message: its text.
        retry_after: seconds that the caller is told to wait (google.rpc.RetryInfo); None says nothing.
    """

    def __init__(self, code: grpc.StatusCode, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after


def invalid(message: str) -> CallRefusedError:
    """The request makes no sense, whatever is stored."""
    return CallRefusedError(grpc.StatusCode.INVALID_ARGUMENT, message)


def unimplemented(what: str) -> CallRefusedError:
    """The real Firestore can do this and the sandbox cannot."""
    return CallRefusedError(grpc.StatusCode.UNIMPLEMENTED, f"the sandbox's Firestore has no {what}")


def not_found(name: str) -> CallRefusedError:
    """There is no such document."""
    return CallRefusedError(grpc.StatusCode.NOT_FOUND, f"Document not found: {name}")
