"""Calls of the functions that a twin's events name: by name on the cloud of layer 2, or by url."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from l3kit.errors import CallError
from l3kit.tiering.stream.events import Call
from l3kit.tiering.stream.ports import Peers

SECONDS = 30.0
"""Time limit of connecting, and of the answer."""


class ActionCalls:
    """Calls each function once; whether a failed call took effect is unknown.

    Args:
        named: opens the functions that are called by name.
        seconds: time limit for connecting, and for the answer of a url.
    """

    def __init__(self, named: Callable[[], Peers], *, seconds: float = SECONDS) -> None:
        self._named = named
        self._seconds = seconds

    async def call(self, call: Call, payload: bytes) -> None:
        """Call a function with JSON, and wait for its answer. Raises: CallError, ConfigurationError."""
        if call.url:
            await asyncio.to_thread(self._post, call.url, payload)
        else:
            await self._named().call(call.name, payload)

    def _post(self, url: str, payload: bytes) -> None:
        """POST without following redirects, since any answer suffices; errors do not show the url's query."""
        import requests

        from l3kit.tiering.transfer.connection import open_session
        from l3kit.tiering.transfer.refusals import broken_connection

        name = f"the function at {urlsplit(url).hostname}"
        headers = {"Content-Type": "application/json"}
        try:
            with (
                open_session(url) as session,
                session.post(
                    url, data=payload, headers=headers, timeout=self._seconds, allow_redirects=False, stream=True
                ) as answer,
            ):
                status = answer.status_code
        except requests.exceptions.RequestException as error:
            cause, _ = broken_connection(error, self._seconds)
            raise CallError(name, cause, "See its log, and check functionUrl in config_events.json") from None
        if not 200 <= status < 300:
            raise CallError(name, f"HTTP {status}", "See its log, and check functionUrl in config_events.json")
