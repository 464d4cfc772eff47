"""Calls of a reader at its address, as by anybody with its token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import requests

from l3kit.errors import L3Error
from l3kit.tiering.runtime.reader_requests import FIELDS
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.connection import open_session
from l3kit.tiering.transfer.wire import TOKEN_HEADER

ASK_SECONDS = 90.0
"""More than a reader's maximum time, including a cold start."""
AskReader = Callable[[str, Secret, str, Mapping[str, Any]], tuple[int, bytes]]


def ask_reader(url: str, token: Secret, function: str, event: Mapping[str, Any]) -> tuple[int, bytes]:
    """Send a reader the event of a direct invocation as the query of its address.

    Returns: HTTP status and body. Raises: L3Error if it did not respond.
    """
    query = {name: event[field] for name, field in FIELDS[function].items() if event.get(field) is not None}
    try:
        with open_session(url) as http:
            answer = http.get(
                f"{url}?{urlencode(query)}",
                headers={TOKEN_HEADER: token.reveal()},
                timeout=ASK_SECONDS,
                allow_redirects=False,
            )
    except requests.RequestException as error:
        raise L3Error(function, f"did not respond at its address ({type(error).__name__})", "Try again") from None
    return answer.status_code, answer.content
