"""The parts of a request that determine its permissions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import orjson

from l3kit.sandbox.aws.iam.condition_keys import OF_EVERY_REQUEST
from l3kit.sandbox.aws.iam.evaluation import Need


class UnmappedError(Exception):
    """An operation without known permissions; it is refused."""


class UnreadableError(Exception):
    """A malformed body, which the service itself refuses."""


@dataclass(frozen=True)
class Call:
    """A parsed request.

    Attributes:
        service: as named in the signature.
        path: decoded, with its leading slash.
        raw_path: as sent, without the query.
        headers: looked up by names in small letters.
        body: empty if it is not needed (S3 objects).
    """

    service: str
    method: str
    path: str
    raw_path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    @cached_property
    def operation(self) -> str:
        """Operation of a JSON protocol request, from X-Amz-Target."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    @cached_property
    def content(self) -> dict[str, Any]:
        """The JSON body. Raises: UnreadableError."""
        try:
            content = orjson.loads(self.body or b"{}")
        except orjson.JSONDecodeError:
            try:
                content = json.loads(self.body)  # unlike orjson, accepts lone surrogates
            except ValueError as error:
                raise UnreadableError(str(error)) from None
        if not isinstance(content, dict):
            raise UnreadableError("not an object")
        return content

    @cached_property
    def form(self) -> dict[str, str]:
        """The parameters of a query-protocol request."""
        return dict(self.query) | dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def need(self, action: str, resource: str = "*", **keys: str | None) -> Need:
        """A permission with additional condition keys; `__` in their names stands for a colon."""
        given = {name: value for name, value in keys.items() if value is not None}
        own = {name.replace("__", ":").replace("_", "-").lower(): (value,) for name, value in given.items()}
        return Need(action, resource, {**OF_EVERY_REQUEST, **own} if own else OF_EVERY_REQUEST)
