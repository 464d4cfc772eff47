"""Connections to functions on another cloud: allowed urls, sessions, and the header that authenticates a request."""

from __future__ import annotations

from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from l3kit.errors import ConfigurationError
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.signing import SIGNATURE_HEADER, Signable, signature_header
from l3kit.tiering.transfer.wire import TOKEN_HEADER, is_loopback


def check_url(url: str, link: str) -> None:
    """Check for https, or http on loopback. Raises: ConfigurationError naming the link, without the url."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigurationError(link, "its url is malformed", "Apply the twin again") from None
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise ConfigurationError(link, "its url must be an https url without a user name", "Apply the twin again")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            link, f"its url is plain http to {host}", "Use https: the token must not be sent in plain text"
        )


def open_session(url: str) -> requests.Session:
    """Open a session for requests to a writer: no retries, no cookies, no proxies for loopback."""
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=32, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.trust_env = not is_loopback(urlsplit(url).hostname or "")
    return session


def credentials(token: Secret, signed_path: str, body: bytes, now: datetime) -> dict[str, str]:
    """The header that authenticates one POST request; a retry needs a new one.

    Args:
        signed_path: path of the receiving function, `/` and its name; empty to send the token itself.
        body: as sent.
        now: wall clock, UTC.
    """
    if signed_path:
        return {SIGNATURE_HEADER: signature_header(Signable("POST", signed_path, body), token, now)}
    return {TOKEN_HEADER: token.reveal()}
