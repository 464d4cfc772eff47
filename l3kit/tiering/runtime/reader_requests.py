"""HTTP requests to a hot reader: `GET ?device=...` with a token gives the answer of a direct invocation."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_to_bytes

from l3kit.errors import ConfigurationError
from l3kit.tiering.tokens import FormerToken, Secret, unexpired
from l3kit.tiering.transfer import wire
from l3kit.tiering.transfer.wire import Request, Response

READ_SECONDS = 50.0
"""Time limit of a request, below the functions' own limit of 60 s, so that the caller gets an answer in JSON."""
FIELDS: Mapping[str, Mapping[str, str]] = {
    "hot-reader": {
        "device": "iot_device_id",
        "start": "start_timestamp",
        "end": "end_timestamp",
        "limit": "limit",
        "next": "next",
    },
    "hot-reader-last-entry": {"device": "iot_device_id"},
}
"""The query parameters of each reader, with the fields of a direct invocation for which they stand."""
_BROKEN_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_LOST_PLUS = re.compile(r"([0-9-]{10}[Tt ][0-9]{2}:[0-9]{2}\S*) ([0-9]{2}:?[0-9]{2})")
"""A time of day, a blank, and an offset: the blank was a plus sign, the only character possible there."""
MAX_DEVICE_BYTES = 2048
"""UTF-8 bytes of a device id: the maximum of any cloud's hot store (DynamoDB, Cosmos DB)."""

Read = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]
log = logging.getLogger(__name__)


class ReaderRequests:
    """Request handling of a reader: check the token, then the query; responses reveal no internals.

    Args:
        function: the reader's name.
        read: answers a direct invocation.
        token: blank if it was not injected; every request then gets a 403.
        former: former tokens, accepted as well until their expiry.
        clock: wall clock, UTC.
        seconds: time limit of a request.
    """

    def __init__(
        self,
        function: str,
        read: Read,
        token: Secret,
        *,
        former: Sequence[FormerToken] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: float = READ_SECONDS,
    ) -> None:
        self._fields = FIELDS[function]
        self._read = read
        self._token = token
        self._former = former
        self._clock = clock
        self._seconds = seconds

    async def handle(self, request: Request) -> Response:
        """Handle one request. The body of a 200 has exact numbers, for `exact_dumps`."""
        former = (one.token for one in unexpired(self._former, self._clock()))
        if not wire.check_token(request, self._token, *former):
            if not self._token:
                log.error("INTER_CLOUD_TOKEN is not set: every request is refused; apply the twin again")
            return Response(403, {"error": f"the header {wire.TOKEN_HEADER} is missing or wrong"})
        if request.method.upper() != "GET":
            return Response(405, {"error": "only GET is accepted"}, {"allow": "GET"})
        try:
            event = asked(request.query, self._fields)
        except ConfigurationError as error:
            return _refusal(error, error.resource)
        parameters = {field: parameter for parameter, field in self._fields.items()}
        try:
            async with asyncio.timeout(self._seconds):
                return Response(200, await self._read(event))
        except ConfigurationError as error:
            if error.resource in parameters:
                return _refusal(error, parameters[error.resource])
            log.exception("failed")
        except TimeoutError:
            log.error("request aborted: the store did not respond within %g s", self._seconds)
        except Exception:  # the runtime would respond with the exception's text
            log.exception("failed")
        return Response(500, {"error": "the hot tier could not be read; the reason is in the reader's log"})


def _refusal(error: ConfigurationError, parameter: str) -> Response:
    log.info("refused: %s", error)
    return Response(400, {"error": f"{parameter}: {error.cause}", "field": parameter, "remedy": error.remedy})


def asked(query: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """Convert a query string to the event of a direct invocation.

    A `+` is a blank, as in HTML forms; in a bound, a blank before an offset is a plus sign again.

    Args:
        fields: the known parameters, and the event's field for each.
    Raises: ConfigurationError naming the parameter: one that is unknown, given twice, or not percent-encoded UTF-8.
    """
    event: dict[str, Any] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        name = _decoded(name, "the query")
        if name not in fields:
            raise ConfigurationError(name[:60], "is not a known parameter", _known(name, fields))
        if fields[name] in event:
            raise ConfigurationError(name, "is given twice", "Give it once")
        event[fields[name]] = _value(name, _decoded(value, name))
    device = event.get("iot_device_id")
    if device is None:
        raise ConfigurationError("device", "is missing", "Add ?device= and the device's id to the address")
    if len(device.encode()) > MAX_DEVICE_BYTES:
        raise ConfigurationError("device", f"has more than {MAX_DEVICE_BYTES:,} bytes", "Name a device of the twin")
    return event


def _decoded(text: str, name: str) -> str:
    remedy = "Percent-encode it as UTF-8"
    if _BROKEN_PERCENT.search(text):
        raise ConfigurationError(name, "has a % that two hexadecimal digits do not follow", remedy)
    try:
        return unquote_to_bytes(text.replace("+", " ").encode("utf-8", "surrogatepass")).decode()
    except UnicodeDecodeError:
        raise ConfigurationError(name, "is not UTF-8", remedy) from None


def _value(name: str, text: str) -> str | int:
    if name == "limit" and re.fullmatch("[0-9]{1,9}", text):
        return int(text)
    if name in ("start", "end") and (found := _LOST_PLUS.fullmatch(text)):
        return f"{found[1]}+{found[2]}"
    return text


def _known(name: str, fields: Mapping[str, str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, fields, n=1, cutoff=0.5)
    return (f"Did you mean {near[0]}? " if near else "") + f"Known are {', '.join(fields)}"
