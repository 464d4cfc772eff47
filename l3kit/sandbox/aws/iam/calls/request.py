"""The parsed request from which permissions are derived, and the condition keys of every request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import orjson

from l3kit.sandbox.aws.iam.evaluation import Need
from l3kit.sandbox.aws.iam.principals import Principal
from l3kit.sandbox.aws.iam.variables import Context
from l3kit.sandbox.state import ACCOUNT_ID, REGION


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
        headers: looked up by lower-case names.
        body: empty if it is not needed (S3 objects).
        context: condition keys of every request.
    """

    service: str
    method: str
    path: str
    raw_path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    context: Context = field(default_factory=dict)

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
        return Need(action, resource, {**self.context, **own} if own else self.context)


def global_context(principal: Principal, now: datetime, user_agent: str) -> dict[str, tuple[str, ...]]:
    """The condition keys of every request.

    Plain HTTP on loopback counts as secure transport, since the traffic cannot be intercepted.
    """
    utc = now.astimezone(UTC)
    context = {
        "aws:currenttime": (utc.strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:epochtime": (str(int(utc.timestamp())),),
        "aws:principalisawsservice": ("true" if principal.kind == "service" else "false",),
        "aws:requestedregion": (REGION,),
        "aws:resourceaccount": (ACCOUNT_ID,),
        "aws:securetransport": ("true",),
        "aws:sourceip": ("127.0.0.1",),
        "aws:viaawsservice": ("false",),
    }
    if user_agent:
        context["aws:useragent"] = (user_agent,)
    return context | principal_context(principal)


def principal_context(principal: Principal) -> dict[str, tuple[str, ...]]:
    """The condition keys derived from a principal."""
    if principal.kind in ("anonymous", "service"):
        return {"aws:principaltype": ("Anonymous",)} if principal.kind == "anonymous" else {}
    found: dict[str, tuple[str, ...]]
    kinds = {"root": "Account", "user": "User", "role": "AssumedRole"}
    found = {
        "aws:principalaccount": (ACCOUNT_ID,),
        "aws:principalarn": (principal.role_arn or principal.arn,),
        "aws:principaltype": (kinds[principal.kind],),
        "aws:userid": (principal.unique_id,),
    }
    if principal.kind == "user":
        found["aws:username"] = (principal.name,)
    return found
