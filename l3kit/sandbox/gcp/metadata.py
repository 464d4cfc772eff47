"""Google Cloud's metadata server: what a function is told about itself, and the tokens of its service account.

Source: Compute Engine, "View and query VM metadata"; Cloud Run, "Container instance metadata server".
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary

from aiohttp import web

from l3kit.sandbox.gcp.account import PROJECT, REGION
from l3kit.sandbox.gcp.identity import TOKEN_SECONDS, Tokens

FLAVOR = "Metadata-Flavor"
ROOT = "/computeMetadata/v1/"
ACCOUNTS = "instance/service-accounts/"
PATH = f"{ROOT}{ACCOUNTS}default/identity"
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
EARLY_SECONDS = 300.0
"""A token is given out again until so long before it expires."""
NUMBER = str(100_000_000_000 + zlib.crc32(PROJECT.encode()))
_FACTS = {
    "project/project-id": PROJECT,
    "project/numeric-project-id": NUMBER,
    "instance/region": f"projects/{NUMBER}/regions/{REGION}",
    "universe/universe-domain": "googleapis.com",
}

Caller = Callable[[web.Request], Awaitable[str | None]]
"""Returns the name of the function whose process sent a request; None if it is no function's."""
AccountOf = Callable[[str], str | None]
"""Returns the email of a function's service account; None if there is no such function."""


class MetadataServer:
    """Answers functions only, as the real one answers only what runs beside it.

    Args:
        caller: finds the function behind a request.
    """

    def __init__(self, tokens: Tokens, caller: Caller, account_of: AccountOf) -> None:
        self._tokens = tokens
        self._caller = caller
        self._account_of = account_of
        self._known: WeakKeyDictionary[object, str] = WeakKeyDictionary()
        self._given: dict[str, tuple[str, float]] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a request to any path."""
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405)
        path = request.path
        bare = path == "/" and FLAVOR not in request.headers  # how its presence is looked for
        if (not bare and request.headers.get(FLAVOR) != "Google") or "X-Forwarded-For" in request.headers:
            return web.Response(status=403, text=f"Forbidden: missing the header {FLAVOR}: Google, or forwarded")
        function = await self._function(request)
        email = self._account_of(function) if function is not None else None
        if email is None:
            return web.Response(status=403, text="Forbidden: only a function of Google Cloud has a metadata server")
        answer = self._answer(request, path, email)
        answer.headers.update({FLAVOR: "Google", "Server": "Metadata Server for VM"})
        return answer

    def _answer(self, request: web.Request, path: str, email: str) -> web.Response:
        below = path.removeprefix(ROOT) if path.startswith(ROOT) else path
        if path == "/":
            return _text("computeMetadata/\n")
        if below in _FACTS:
            return _text(_FACTS[below])
        if below == ACCOUNTS:
            return _text(f"default/\n{email}/\n")
        name, _, asked = below.removeprefix(ACCOUNTS).partition("/") if below.startswith(ACCOUNTS) else ("", "", "")
        if name not in ("default", email):
            return web.Response(status=404, text="Not Found")
        return self._of_account(request, asked, email)

    def _of_account(self, request: web.Request, asked: str, email: str) -> web.Response:
        told = {"aliases": ["default"], "email": email, "scopes": list(SCOPES)}
        match asked:
            case "" if request.query.get("recursive", "").lower() == "true":
                return _json(told)
            case "":
                return _text("aliases\nemail\nidentity\nscopes\ntoken\n")
            case "email":
                return _text(email)
            case "aliases":
                return _text("default\n")
            case "scopes":
                return _text("".join(f"{scope}\n" for scope in SCOPES))
            case "token":
                return self._token(email)
            case "identity":
                return self._identity(request.query.get("audience", ""), email)
        return web.Response(status=404, text="Not Found")

    def _token(self, email: str) -> web.Response:
        now = self._tokens.clock()
        token, expiry = self._given.get(email, ("", 0.0))
        if expiry - now < EARLY_SECONDS:
            token, expiry = self._tokens.access_token(email), now + TOKEN_SECONDS
            self._given[email] = token, expiry
        return _json({"access_token": token, "expires_in": int(expiry - now), "token_type": "Bearer"})

    def _identity(self, audience: str, email: str) -> web.Response:
        if not audience:
            return web.Response(status=400, text="non-empty audience parameter required")
        return _text(self._tokens.identity_token(email, audience), "text/html")

    async def _function(self, request: web.Request) -> str | None:
        """Return the function at the other end; it is looked up once for each connection."""
        transport = request.transport
        if transport is None:
            return None
        found = self._known.get(transport) or await self._caller(request)
        if found is not None:
            self._known[transport] = found
        return found


def _text(text: str, kind: str = "application/text") -> web.Response:
    return web.Response(text=text, content_type=kind)


def _json(content: object) -> web.Response:
    return web.Response(text=json.dumps(content), content_type="application/json")
