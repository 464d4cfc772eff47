"""The port of a cloud's control plane: requests with JSON bodies, and its long-running operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Query = Mapping[str, str | Sequence[str]]
"""Parameters of a request; a sequence repeats its name."""


class Refusal(Exception):
    """The control plane refused a request, or an operation ended in an error.

    Attributes:
        status: HTTP status; of an operation the one that its code stands for.
        code: the cloud's own word, such as `ALREADY_EXISTS`; empty if it gave none.
        message: in the cloud's words, for people.
        details: what it gave beside the message, in its own form.
        wait: seconds after which it asks to be tried again; 0 if it does not ask.
    """

    def __init__(
        self,
        status: int,
        code: str = "",
        message: str = "",
        details: Sequence[Mapping[str, Any]] = (),
        *,
        wait: float = 0.0,
    ) -> None:
        super().__init__(f"{status} {code} {message}".rstrip())
        self.status = status
        self.code = code
        self.message = message
        self.details = tuple(details)
        self.wait = wait


class Control(Protocol):
    """One account's control plane.

    Requests are sent again, by one rule, as long as the cloud is busy or does not answer. So a request may have taken
    effect although its repetition is refused: whoever creates something looks at it after a 409.

    All methods raise Refusal; PermissionMissingError without usable credentials; ProvisioningError if the cloud cannot
    be reached.

    Args:
        service: the API, by its host.
        path: after the host, with the API's version, without a slash in front.
    """

    def get(self, service: str, path: str, query: Query | None = None) -> dict[str, Any]:
        """Read. Returns: the answer's JSON."""

    def post(self, service: str, path: str, body: Mapping[str, Any], query: Query | None = None) -> dict[str, Any]: ...

    def put(self, service: str, path: str, body: Mapping[str, Any], query: Query | None = None) -> dict[str, Any]: ...

    def patch(self, service: str, path: str, body: Mapping[str, Any], query: Query | None = None) -> dict[str, Any]: ...

    def delete(self, service: str, path: str, query: Query | None = None) -> dict[str, Any]: ...

    def upload(self, url: str, content: bytes, headers: Mapping[str, str]) -> None:
        """Put content at an address that the cloud gave out for it, without credentials."""

    def wait(self, service: str, operation: Mapping[str, Any], what: str, limit: float) -> dict[str, Any]:
        """Wait for a long-running operation.

        Args:
            operation: the answer that began it; one without an operation is the result itself.
            what: named in the error, e.g. `database x is there`.
            limit: seconds.
        Returns: its result.
        Raises: Refusal if it ended in an error; ProvisioningError at the limit.
        """
