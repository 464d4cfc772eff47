"""Credentials for Google Cloud's data plane: a function's service account, or those of whoever runs this."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError, TransportError

from l3kit.clouds.gcp.data.metadata_server import (
    FLAVOR,
    FUNCTION_VARIABLE,
    METADATA_SECONDS,
    TOKEN_PATH,
    metadata_host,
)
from l3kit.errors import ConfigurationError

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
"""The one scope that all services take; roles alone decide what is allowed."""
Metadata = list[tuple[str, str]]
LOG_IN = "Log in: gcloud auth application-default login"


class FunctionCredentials(Credentials):
    """Access tokens of the function's service account.

    google-auth's own first look for a metadata server and then ask another service about the account, at each start.

    Args:
        host: host and port of the metadata server.
    """

    def __init__(self, host: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._host = host
        self._lock = threading.Lock()

    def refresh(self, request: object) -> None:
        """Get a token; the metadata server keeps one until five minutes before it expires.

        Args:
            request: not used, since a metadata server is never behind a proxy.
        Raises: TransportError if a retry may help; RefreshError.
        """
        former = self.token
        with self._lock:
            if self.token is former:  # else another thread has got one meanwhile
                self._fetch()

    def _fetch(self) -> None:
        status, headers, body = _asked(self._host, TOKEN_PATH)
        if status in (408, 429) or status >= 500:
            raise TransportError(f"the metadata server returned HTTP {status}", retryable=True)
        if status != 200 or headers.get("Metadata-Flavor") != "Google":
            raise RefreshError(f"HTTP {status} instead of an access token: the function has no service account")
        try:
            content = json.loads(body)
            token, seconds = str(content["access_token"]), float(content["expires_in"])
        except (ValueError, KeyError, TypeError):
            raise TransportError("the metadata server's answer is no access token", retryable=True) from None
        self.expiry = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=seconds)  # first: see `valid`
        self.token = token


class CallMetadata:
    """The metadata that authorize calls by gRPC.

    Args:
        credentials: called once, at the first call.
    """

    def __init__(self, credentials: Callable[[], Credentials]) -> None:
        self._find = credentials
        self._found: Credentials | None = None
        self._lock = threading.Lock()

    async def of_call(self, refused: Metadata | None = None) -> Metadata:
        """Return the metadata of one call, with a new token if necessary.

        Args:
            refused: those of a call that was refused for them.
        Raises: GoogleAuthError; ConfigurationError if there are no credentials.
        """
        found = self._found
        if found is None or not found.valid or _applied(found) == refused:
            found = await asyncio.to_thread(self._renewed, refused)
        return _applied(found)

    def _renewed(self, refused: Metadata | None) -> Any:
        with self._lock:  # side by side calls need one token
            if self._found is None:
                self._found = self._find()
            if not self._found.valid or _applied(self._found) == refused:
                self._found.refresh(_request())
            return self._found


def may_pass(error: GoogleAuthError) -> bool:
    """Return whether the same request may get a token later."""
    return error.retryable or isinstance(error, TransportError) or isinstance(error.__cause__, TransportError)


def shown(error: GoogleAuthError) -> str:
    """Return what an error says, without the answer that google-auth adds."""
    return " ".join(str(error.args[0] if error.args else type(error).__name__).split())[:200]


def default_credentials(env: Mapping[str, str] = os.environ) -> Credentials:
    """Return those of the function's service account, or of the logged-in user. Raises: ConfigurationError."""
    if FUNCTION_VARIABLE in env:
        return FunctionCredentials(metadata_host(env))
    try:
        credentials, _ = google.auth.default(scopes=[SCOPE])
    except DefaultCredentialsError:
        raise ConfigurationError("Google Cloud", "there are no credentials", LOG_IN) from None
    return credentials


def _applied(credentials: Any) -> Metadata:
    headers: dict[str, str] = {}
    credentials.apply(headers)
    return list(headers.items())


def _request() -> Any:
    from google.auth.transport.requests import Request

    return Request()


def _asked(host: str, path: str) -> tuple[int, Mapping[str, str], bytes]:
    """Ask the metadata server. Raises: TransportError."""
    connection = http.client.HTTPConnection(host, timeout=METADATA_SECONDS)
    try:
        connection.request("GET", path, headers=dict(FLAVOR))
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise TransportError(f"the metadata server gave no answer ({type(error).__name__})", retryable=True) from None
    finally:
        connection.close()
