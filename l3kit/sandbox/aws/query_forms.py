"""Requests of AWS's query protocol: the parameters, and lists among them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from l3kit.sandbox.aws.iam.enforcement import body_of


async def form_of(request: web.Request) -> dict[str, str]:
    """Return the parameters of the query and the body."""
    body = (await body_of(request)).decode("utf-8", "replace")
    return dict(request.query) | dict(parse_qsl(body, keep_blank_values=True))


def members(form: Mapping[str, str], name: str) -> list[dict[str, str]]:
    """Return a list of structures: `Tags.member.1.Key` is the first one's `Key`."""
    found: list[dict[str, str]] = []
    while of_this := {
        key.removeprefix(prefix): value
        for key, value in form.items()
        if key.startswith(prefix := f"{name}.member.{len(found) + 1}.")
    }:
        found.append(of_this)
    return found
