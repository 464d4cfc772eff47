"""The twin's other functions on Google Cloud, called by their urls with an identity token of the caller."""

from __future__ import annotations

import binascii
import os
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping

import orjson
import requests

from l3kit.clouds.gcp.data.metadata_server import FLAVOR, IDENTITY_PATH, METADATA_SECONDS, metadata_host
from l3kit.errors import CallError
from l3kit.tiering.retry import RetryPolicy
from l3kit.tiering.stream.http_calls import Address, NotNowError
from l3kit.tiering.stream.http_peers import HttpPeers, check_address
from l3kit.tiering.transfer.connection import open_session

ANSWER_SECONDS = 600.0
"""Maximum wait for one answer: the longest invocation of a function of the message chain."""
FORBIDDEN = "The caller's service account lacks run.routes.invoke on it: run deploy_l3, which repairs it"
EARLY_SECONDS = 300.0
"""A token is replaced this long before it expires (after an hour); the metadata server makes new ones that early."""


class IdentityTokens:
    """Identity tokens of the function's service account, from the metadata server; each is kept until it expires.

    Source: Compute Engine, "Verifying the identity of instances"; Cloud Run, "Authenticating service-to-service". Not
    by google-auth, whose import takes twice as long as everything else that a calling function loads. No real
    service has seen these requests.

    Args:
        host: host and port of the metadata server.
        clock: seconds since 1970.
    """

    def __init__(self, host: str, clock: Callable[[], float] = time.time) -> None:
        self._base = f"http://{host}{IDENTITY_PATH}"
        self._session = open_session(self._base)
        self._session.trust_env = False  # it is never behind a proxy
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, float]] = {}

    def headers(self, audience: str, renew: bool) -> Mapping[str, str]:
        """Return the header with a token for this audience. Raises: CallError; NotNowError."""
        with self._lock:
            token, expiry = self._kept.get(audience, ("", 0.0))
            if renew or expiry - self._clock() < EARLY_SECONDS:
                token = self._fetch(audience)
                self._kept[audience] = token, _expiry(token)
            return {"Authorization": f"Bearer {token}"}

    def close(self) -> None:
        self._session.close()

    def _fetch(self, audience: str) -> str:
        try:
            answer = self._session.get(
                self._base,
                params={"audience": audience},
                headers=FLAVOR,
                timeout=METADATA_SECONDS,
                allow_redirects=False,
            )
        except requests.exceptions.RequestException as error:
            raise NotNowError(f"the metadata server gives no identity token ({type(error).__name__})") from None
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            raise NotNowError(f"the metadata server returned HTTP {answer.status_code} instead of an identity token")
        if answer.status_code != 200 or answer.headers.get("Metadata-Flavor") != "Google":
            raise CallError(
                audience,
                f"HTTP {answer.status_code} instead of an identity token",
                "Only functions on Google Cloud have a metadata server, and only with a service account",
            )
        return answer.text.strip()


class GcpPeers(HttpPeers):
    """Functions by their urls, each called with a token valid for it alone."""

    def __init__(
        self, urls: Mapping[str, str], tokens: IdentityTokens, *, retry: RetryPolicy | None = None, agent: str = "l3kit"
    ) -> None:
        def address(function: str, url: str) -> Address:
            check_address(function, url)
            return Address(url, lambda renew: tokens.headers(url, renew))

        found = {function: address(function, url) for function, url in urls.items()}
        super().__init__(found, timeout=ANSWER_SECONDS, retry=retry, agent=agent, forbidden=FORBIDDEN)
        self._tokens = tokens

    async def close(self) -> None:
        await super().close()
        self._tokens.close()


def open_peers(
    urls: Mapping[str, str],
    env: Mapping[str, str] = os.environ,
    *,
    retry: RetryPolicy | None = None,
    agent: str = "l3kit",
) -> GcpPeers:
    """Open the functions of these urls. Raises: ConfigurationError naming the function whose url is malformed."""
    return GcpPeers(urls, IdentityTokens(metadata_host(env)), retry=retry, agent=agent)


def _expiry(token: str) -> float:
    """Expiry of a token by its own claims, in seconds since 1970; 0 if unreadable, so that it is not kept."""
    try:
        payload = token.split(".")[1]
        claims = orjson.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return 0.0
