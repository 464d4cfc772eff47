"""Signatures of requests: HMAC-SHA256 with a link's token, as in docs/reference/protocol.md. No I/O.

The signed path is the receiving function's own, not that of the request: gateways, routes and proxies in front
of a function change that, and no receiver depends on it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from l3kit.tiering.tokens import Secret

SIGNATURE_HEADER = "X-Inter-Cloud-Signature"
MAX_SKEW_SECONDS = 300
"""A signature is valid for this long before and after its time."""
_FORM = re.compile(r"t=(0|[1-9][0-9]{0,10}),v1=([0-9a-f]{64})")
_SHOWN = re.compile(r"v1=[0-9A-Fa-f]{16,}")


@dataclass(frozen=True, slots=True)
class Signable:
    """The part of a request that is signed.

    Attributes:
        path: path of the receiving function, such as `/cold-writer`.
        body: as sent, which for gzip is compressed.
    """

    method: str
    path: str
    body: bytes

    def text(self, time: int) -> bytes:
        """The signed text. `time`: Unix time in seconds."""
        lines = ("v1", str(time), self.method, self.path, hashlib.sha256(self.body).hexdigest())
        return "\n".join(lines).encode()


def signature_header(request: Signable, token: Secret, now: datetime) -> str:
    """Sign a request: the value of `SIGNATURE_HEADER`."""
    time = int(now.timestamp())
    return f"t={time},v1={_mac(request.text(time), token)}"


def signed_at(value: str, request: Signable, tokens: Iterable[Secret]) -> int | None:
    """The time (Unix, seconds) of a signature that one of these tokens made; None for any other value.

    The time itself is not checked. All tokens are tried, each compared in constant time; blank ones match nothing.
    """
    form = _FORM.fullmatch(value)
    if form is None:
        return None
    time, given = int(form[1]), form[2]
    text = request.text(time)
    matches = sum(hmac.compare_digest(given, _mac(text, token)) for token in tokens if token)
    return time if matches else None


def redacted(text: str) -> str:
    """The text without signatures."""
    return _SHOWN.sub("v1=***", text)


def _mac(text: bytes, token: Secret) -> str:
    return hmac.new(token.reveal().encode(), text, hashlib.sha256).hexdigest()
