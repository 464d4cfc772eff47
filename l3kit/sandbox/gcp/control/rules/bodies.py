"""Bodies of requests: JSON, or an upload of an object's contents with JSON in front."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NoReturn

from l3kit.sandbox.gcp.control.rules.fault import MAX_SHOWN


class MalformedError(Exception):
    """Says what is wrong with a body that is not JSON."""


def parse(body: bytes) -> object:
    """Read JSON; an empty body is an empty message. Raises: MalformedError."""
    if not body.strip():
        return {}
    try:
        return json.loads(body, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"Invalid JSON payload received. {error}") from None


def metadata(upload_type: str, body: bytes) -> bytes:
    """Return the JSON part of an upload. Raises: MalformedError."""
    if upload_type == "media":
        return b""
    if upload_type == "resumable":
        return body
    boundary, _, rest = body.lstrip(b"\r\n").partition(b"\r\n")
    _, blank, part = rest.partition(b"\r\n\r\n")
    content, end, _ = part.partition(b"\r\n" + boundary)
    if not (boundary.startswith(b"--") and blank and end):
        raise MalformedError("Malformed multipart body.")
    return content


def _once(pairs: list[tuple[str, object]]) -> Mapping[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f'Repeated name "{name[:MAX_SHOWN]}".')
        found[name] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"Unexpected token: {name}")
