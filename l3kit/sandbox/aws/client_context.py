"""The client context of an invocation, which travels to the runtime client in a header."""

from __future__ import annotations

import base64
import json

MAX_BYTES = 3_583
"""Encoded; Lambda API, Invoke."""


class ContextError(Exception):
    """It is none."""


def client_context(encoded: str) -> str | None:
    """What a request's header holds, as one line of ASCII: a line break in a header would end the runtime client.

    Raises: ContextError.
    """
    if not encoded:
        return None
    try:
        context = json.loads(base64.b64decode(encoded)) if len(encoded) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        context = None
    if not isinstance(context, dict):
        raise ContextError(f"The client context must be a JSON object, in Base64 at most {MAX_BYTES} bytes")
    return json.dumps(context)
