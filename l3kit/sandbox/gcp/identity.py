"""Google Cloud's metadata server for functions: identity tokens, and their verification in front of a function.

Source: Compute Engine, "View and query VM metadata" and "Verify VM identity". The real tokens are signed by Google's
key; here the gateway signs and verifies them with a key that ends with it.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

PATH = "/computeMetadata/v1/instance/service-accounts/default/identity"
FLAVOR = "Metadata-Flavor"
TOKEN_SECONDS = 3600
_HEADER = {"alg": "HS256", "typ": "JWT"}

Caller = Callable[[web.Request], Awaitable[str | None]]
"""Returns the name of the function whose process sent a request; None if it is no function's."""


class Identity:
    """Makes and verifies identity tokens; each is valid for one audience, which is one function's url.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._key = secrets.token_bytes(32)
        self._clock = clock

    def token(self, audience: str, function: str) -> str:
        """Return a token for a function that wants to call this audience."""
        now = int(self._clock())
        claims = {
            "aud": audience,
            "iss": "https://accounts.google.com",
            "email": f"{function}@l3kit-sandbox.iam.gserviceaccount.com",
            "email_verified": True,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
        }
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in (_HEADER, claims))
        return f"{signed}.{self._signature(signed)}"

    def is_good(self, token: str, audience: str) -> bool:
        """Return whether this gateway issued the token for this audience, and it has not expired."""
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), self._signature(signed).encode()):
            return False
        claims = _claims(token)
        return bool(claims["aud"].rstrip("/") == audience.rstrip("/") and self._clock() < claims["exp"])

    def function_of(self, token: str) -> str:
        """Return the function for which a valid token was made."""
        return str(_claims(token)["email"]).partition("@")[0]

    def _signature(self, signed: str) -> str:
        return _encoded(hmac.digest(self._key, signed.encode("utf-8", "surrogatepass"), "sha256"))


def metadata_server(identity: Identity, caller: Caller) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the handler of the metadata server's identity path: it answers functions only, like the real one."""

    async def serve(request: web.Request) -> web.StreamResponse:
        if request.headers.get(FLAVOR) != "Google" or "X-Forwarded-For" in request.headers:
            return web.Response(status=403, text=f"Forbidden: missing the header {FLAVOR}: Google, or forwarded")
        function = await caller(request)
        if function is None:
            return web.Response(status=403, text="Forbidden: only a function of Google Cloud has a metadata server")
        audience = request.query.get("audience", "")
        headers = {FLAVOR: "Google", "Server": "Metadata Server for VM"}
        if not audience:
            return web.Response(status=400, text="non-empty audience parameter required", headers=headers)
        return web.Response(text=identity.token(audience, function), content_type="text/html", headers=headers)

    return serve


def _claims(token: str) -> dict[str, Any]:
    """Return the claims of a token signed by this gateway."""
    return dict(json.loads(urlsafe_b64decode(token.split(".")[1] + "==")))


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
