"""POST requests from a function of the message chain, on clouds without another way to call functions or devices.

Built on `requests`, which the sending side of a link needs as well.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests

from l3kit.errors import CallError, StoreError
from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import Passing, RetryPolicy
from l3kit.tiering.stream.shown_errors import AGAIN, shown
from l3kit.tiering.transfer.connection import open_session
from l3kit.tiering.transfer.refusals import json_object

MAX_ANSWER_BYTES = 1024 * 1024

Credential = Callable[[bool], Mapping[str, str]]
"""Blocking; returns the headers that authorize a request. Its argument says whether the previous ones were refused.

Raises: CallError; NotNowError if a retry may help.
"""


class NotNowError(Exception):
    """A credential is temporarily unavailable; the message may be shown."""


@dataclass(frozen=True, slots=True)
class Address:
    """Address of a service, and the credential for it.

    Attributes:
        url: without secrets.
    """

    url: str
    credential: Credential = field(repr=False)


@dataclass(frozen=True, slots=True)
class Manners:
    """The way a service reports a failure.

    Attributes:
        words: the member of a JSON answer with the error message.
        final: statuses of 500 and more that are not retried if they come with such a message.
        remedies: remedies by status.
        remedy: the remedy for any other status.
    """

    words: str
    final: frozenset[int]
    remedies: Mapping[int, str]
    remedy: str


class HttpCalls:
    """Requests to several hosts, each with its own session.

    A lost answer, a 408, a 429 and a 5xx are retried, so calls must be idempotent.

    Args:
        timeout: seconds for one answer.
    """

    def __init__(
        self, manners: Manners, *, timeout: float, retry: RetryPolicy | None = None, agent: str = "l3kit"
    ) -> None:
        self._manners = manners
        self._timeout = timeout
        self._retry = retry or RetryPolicy()
        self._agent = agent
        self._sessions: dict[str, requests.Session] = {}
        self.usage = Usage()

    async def post(self, resource: str, address: Address, body: bytes) -> bytes:
        """Send JSON; return the body of a 200.

        Args:
            resource: for error messages.
        Raises: CallError.
        """
        session = self._session(address.url)
        one = _Post(resource, address, body, session, self._timeout, self._manners, self.usage)
        try:
            return await self._retry.until_settled(self.usage, "call", resource, one.attempt)
        except StoreError as error:
            raise CallError(error.resource, error.cause, error.remedy) from None

    async def close(self) -> None:
        """Close connections."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()

    def _session(self, url: str) -> requests.Session:
        host = urlsplit(url).netloc
        if host not in self._sessions:
            session = self._sessions[host] = open_session(url)
            session.headers["User-Agent"] = self._agent
        return self._sessions[host]


@dataclass
class _Post:
    """One request with its attempts; `renew`: True once a credential was refused."""

    resource: str
    address: Address
    body: bytes
    session: requests.Session
    timeout: float
    manners: Manners
    usage: Usage
    renew: bool = False

    async def attempt(self) -> bytes | Passing:
        self.usage.count("call")
        self.usage.bytes_out += len(self.body)
        return await asyncio.to_thread(self._send)

    def _send(self) -> bytes | Passing:
        try:
            let_in = self.address.credential(self.renew)
            with self.session.post(
                self.address.url,
                data=self.body,
                headers={"Content-Type": "application/json", "Accept-Encoding": "identity", **let_in},
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                return self._judge(response, self._content(response), let_in)
        except NotNowError as error:
            return Passing(str(error), remedy=AGAIN)
        except requests.exceptions.SSLError:
            cause = "the TLS certificate is not valid"
            raise CallError(self.resource, cause, "Check the address and the system clock") from None
        except requests.exceptions.RequestException as error:
            return Passing(_lost(error, self.timeout), remedy=AGAIN)

    def _content(self, response: requests.Response) -> bytes:
        """Read the answer, within the total time limit."""
        give_up = time.monotonic() + self.timeout
        content = bytearray()
        for block in response.iter_content(65_536):
            content += block
            if time.monotonic() > give_up:
                raise requests.exceptions.ReadTimeout
            if len(content) > MAX_ANSWER_BYTES:
                cause = f"the answer has more than {MAX_ANSWER_BYTES:,} bytes"
                raise CallError(self.resource, cause, self.manners.remedy)
        self.usage.bytes_in += len(content)
        return bytes(content)

    def _judge(self, response: requests.Response, content: bytes, let_in: Mapping[str, str]) -> bytes | Passing:
        status, manners = response.status_code, self.manners
        if status == 200:
            return content
        words = json_object(content).get(manners.words)
        secrets = [secret for value in let_in.values() for secret in (value, value.rpartition(" ")[2])]
        said = f": {shown(words, secrets)}" if isinstance(words, str) else ""
        if status == 401 and not self.renew:
            self.renew = True
            return Passing(f"HTTP {status}{said}")
        if status in (408, 429) or (status >= 500 and not (said and status in manners.final)):
            return Passing(f"HTTP {status}{said}", _seconds(response.headers.get("Retry-After")), AGAIN)
        raise CallError(self.resource, f"HTTP {status}{said}", manners.remedies.get(status, manners.remedy))


def _lost(error: requests.exceptions.RequestException, timeout: float) -> str:
    """Describe how the connection failed. The library's own message is not used, since it may quote the request."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"no connection within {timeout:g} s"
    if isinstance(error, requests.exceptions.Timeout):
        return f"no answer within {timeout:g} s"
    return f"the connection broke ({type(error).__name__})"


def _seconds(value: str | None) -> float:
    return float(value) if value and value.isascii() and value.isdecimal() else 0.0
