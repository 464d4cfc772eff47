"""The parts of a request that the maps look at, and the condition keys that every request has."""

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
    """An operation for which nobody has said what it needs; it is refused."""


class UnreadableError(Exception):
    """A body that is not of the service's form: the service itself says so, nothing is done."""


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        service: as the signature names it.
        path: decoded, with its leading slash.
        raw_path: as sent, without the query.
        headers: looked up by names in small letters.
        body: empty where the map does not need it (S3 objects).
        context: the condition keys that every request has.
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
        """Of the JSON protocols: the name behind the dot of X-Amz-Target."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    @cached_property
    def content(self) -> dict[str, Any]:
        """The JSON body. Raises: UnreadableError."""
        try:
            content = orjson.loads(self.body or b"{}")
        except orjson.JSONDecodeError:
            try:
                content = json.loads(self.body)  # takes half surrogate pairs, which orjson does not
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
        """A permission, with condition keys of its own beside those of every request (`__` stands for the colon)."""
        given = {name: value for name, value in keys.items() if value is not None}
        own = {name.replace("__", ":").replace("_", "-").lower(): (value,) for name, value in given.items()}
        return Need(action, resource, {**self.context, **own} if own else self.context)


def global_context(principal: Principal, now: datetime, user_agent: str) -> dict[str, tuple[str, ...]]:
    """The condition keys of every request.

    Loopback counts as secure transport: the endpoint is plain http, but nothing can listen in between.
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
    """What the condition keys say of a principal."""
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
