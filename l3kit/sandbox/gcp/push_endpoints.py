"""The endpoints of push subscriptions: the public addresses of functions, and Cloud Storage for dead letters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote

import aiohttp
from yarl import URL

from l3kit.sandbox.functions.service import CloudFunctions
from l3kit.sandbox.gcp.account import NAME


class PushTokens(Protocol):
    """The tokens with which subscriptions send."""

    def for_function(self, function: str) -> str | None:
        """Return an identity token for a function; None if its subscription names no account."""

    def for_letters(self) -> str:
        """Return an access token for buckets with letters."""


class PushEndpoints:
    """Sends what a subscription delivers.

    Args:
        storage: Cloud Storage's address.
    """

    def __init__(
        self, session: aiohttp.ClientSession, functions: CloudFunctions, storage: str, tokens: PushTokens
    ) -> None:
        self._session = session
        self._functions = functions
        self._storage = storage
        self._tokens = tokens

    async def push(self, function: str, headers: Mapping[str, str], body: bytes) -> int:
        """Post to a function as its subscription's account. Returns: the status; 0 if there was no answer."""
        token = self._tokens.for_function(function)
        sent = headers if token is None else {**headers, "Authorization": f"Bearer {token}"}
        url = f"{self._functions.endpoint}/_{NAME}/{quote(function, safe='')}/"
        return await self._post(url, sent, body)

    async def store(self, bucket: str, name: str, content: bytes) -> int:
        """Create an object in Cloud Storage. Returns: the status; 0 if there was no answer."""
        path = f"/upload/storage/v1/b/{quote(bucket, safe='')}/o?uploadType=media&name={quote(name, safe='')}"
        headers = {"Content-Type": "text/plain", "Authorization": f"Bearer {self._tokens.for_letters()}"}
        return await self._post(self._storage + path, headers, content)

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            async with self._session.post(URL(url, encoded=True), headers=headers, data=body) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, OSError):
            return 0
