"""Client for the gateway's admin calls."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from l3kit.errors import SandboxError

HEALTH_SECONDS = 30.0
"""A sandbox under heavy load is slow to answer, but it is not down."""


def request(endpoint: str, method: str, path: str, body: str = "", *, seconds: float) -> tuple[int, dict[str, Any]]:
    """Send an admin call. Returns: status and JSON body. Raises: SandboxError if the gateway does not answer."""
    address = urlsplit(endpoint)
    connection = http.client.HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=seconds)
    try:
        connection.request(method, path, body or None, {"X-L3kit-Sandbox": "1", "Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SandboxError("sandbox gateway", f"did not answer ({error})", "Run `l3kit sandbox up`") from None
    finally:
        connection.close()
