"""Tokens of Google Cloud's identities: access tokens for its services, identity tokens for a function.

Sources: Compute Engine, "View and query VM metadata" and "Verify VM identity"; Cloud Run, "Service identity". The
real tokens are signed by Google; here the gateway signs and verifies them with a key that ends with it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from l3kit.files import replace_file
from l3kit.sandbox.gcp.account import OPERATOR

TOKEN_SECONDS = 3600
ACCESS = "ya29"
"""The first part of an access token, which Google's begin with too."""
OPERATOR_FILE = "operator-token"
_HEADER = {"alg": "HS256", "typ": "JWT"}
_SIGNATURE_BYTES = 32


class Tokens:
    """Makes and verifies the tokens of one gateway; nothing is kept of a token but in the token itself.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._key = secrets.token_bytes(32)
        self.clock = clock

    def access_token(self, email: str, seconds: float | None = TOKEN_SECONDS) -> str:
        """Return a token with which an identity calls Google's services. `seconds`: None if it never expires."""
        expiry = None if seconds is None else self.clock() + seconds
        content = json.dumps({"email": email, "exp": expiry}).encode()
        return f"{ACCESS}.{_encoded(self._signature(content) + content)}"

    def email_of(self, access_token: str) -> str | None:
        """Return the identity for which this gateway made an access token; None if it is expired or no such token."""
        kind, _, text = access_token.partition(".")
        content = _decoded(text)
        signature, content = content[:_SIGNATURE_BYTES], content[_SIGNATURE_BYTES:]
        if kind != ACCESS or not hmac.compare_digest(signature, self._signature(content)):
            return None
        claims = json.loads(content)
        return str(claims["email"]) if claims["exp"] is None or self.clock() < claims["exp"] else None

    def identity_token(self, email: str, audience: str) -> str:
        """Return a token with which an identity calls this audience, the url of a function."""
        now = int(self.clock())
        subject = str(int.from_bytes(hashlib.sha256(email.encode("utf-8", "surrogatepass")).digest()[:8]))
        claims = {
            "aud": audience,
            "azp": subject,
            "iss": "https://accounts.google.com",
            "email": email,
            "email_verified": True,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "sub": subject,
        }
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in (_HEADER, claims))
        return f"{signed}.{_encoded(self._signature(signed.encode()))}"

    def caller_of(self, identity_token: str, audience: str) -> str | None:
        """Return the identity behind a token of this gateway for this audience; None if it is expired or another's."""
        signed, _, signature = identity_token.rpartition(".")
        if not hmac.compare_digest(_decoded(signature), self._signature(signed.encode("utf-8", "surrogatepass"))):
            return None
        claims: dict[str, Any] = json.loads(_decoded(signed.partition(".")[2]))
        good = claims["aud"].rstrip("/") == audience.rstrip("/") and self.clock() < claims["exp"]
        return str(claims["email"]) if good else None

    def _signature(self, signed: bytes) -> bytes:
        return hmac.digest(self._key, signed, "sha256")


def keep_operator_token(tokens: Tokens, folder: Path) -> None:
    """Write the operator's token, good for as long as the gateway, into a file that this user alone can read."""
    replace_file(folder / OPERATOR_FILE, tokens.access_token(OPERATOR, None).encode())


def operator_token(folder: Path) -> str:
    """Return the operator's token. `folder`: Google Cloud's in the sandbox's home. Raises: OSError."""
    return (folder / OPERATOR_FILE).read_text("ascii")


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Return what the text encodes; nothing if it is not in base64."""
    try:
        return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return b""
