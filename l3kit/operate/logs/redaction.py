"""Secrets in log lines: l3kit's functions write none, but a library or one of the twin's own processors may."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from l3kit.errors import ConfigurationError
from l3kit.tiering.tokens import FORMER_VARIABLE, TOKEN_VARIABLE
from l3kit.tiering.transfer.signing import redacted

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

HIDDEN = "***"
_NAMES = (
    TOKEN_VARIABLE,
    FORMER_VARIABLE,
    "X-Inter-Cloud-Token",
    "Authorization",
    "x-functions-key",
    "AccountKey",
    "SharedAccessKey",
    "SharedAccessSignature",
    "AWS_SECRET_ACCESS_KEY",
    "AZURE_CLIENT_SECRET",
    "AWS_SESSION_TOKEN",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "Signature",
    "access_token",
    "client_secret",
    "password",
    "refresh_token",
)
"""Names of variables, headers and parts of addresses whose values are secrets."""
_NAMED = re.compile(
    rf"\b({'|'.join(map(re.escape, _NAMES))})"
    r"""(\\*["']?\s*[:=,]\s*(?:b?\\*["'])?(?:(?:Bearer|Basic|Token|AWS4-HMAC-SHA256)\s+)?)[^\s"',;&\\]+""",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"([?&](?:code|sig|X-Goog-Signature)=)[^&\s\"']+")


def known_tokens(session: Session, twin: Twin) -> tuple[str, ...]:
    """Return the tokens of the twin's links known to this machine."""
    try:
        links = session.link_file(twin).load()
    except ConfigurationError:  # reported by the code that needs the file
        return ()
    tokens = (token for link in links.values() for token in (link.token, *(one.token.reveal() for one in link.former)))
    return tuple(sorted(filter(None, tokens), key=len, reverse=True))


def without_secrets(text: str, tokens: Iterable[str]) -> str:
    """Return the text with these tokens, signatures and the values of secret names replaced by `***`."""
    for token in tokens:
        text = text.replace(token, HIDDEN)
    text = _NAMED.sub(rf"\1\2{HIDDEN}", redacted(text))
    return _IN_ADDRESS.sub(rf"\1{HIDDEN}", text)
