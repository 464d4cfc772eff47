"""Causes and remedies for error responses and failed connections. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
import requests

from l3kit.errors import TransferError
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.signing import redacted

_LONGEST = 200
"""Maximum characters of a receiver's message that are repeated in an error."""
_VERSIONS = "Sender and receiver run different versions: apply the twin again"
_DATA = "Correct or remove it in the sender's data; nothing was stored and nothing was deleted"
_NO_GZIP = "The receiver does not accept gzip, and plain JSON is too large for it: lower MAX_CHUNK_BYTES"
_DAMAGED = "The request was corrupted in transit: run the mover again"
_OBJECT = "Correct the object's metadata, or remove the object; it was left in place"

_BY_FIELD: Mapping[str, str] = {
    **dict.fromkeys(("items", "iot_device_id", "start_timestamp", "end_timestamp", "chunk_index"), _DATA),
    **dict.fromkeys(("sha256", "data", "body"), _DAMAGED),
    **dict.fromkeys(("metadata", "content_encoding"), _OBJECT),
    "object_key": "The receiving cloud does not allow this key: rename or remove the object; it was left in place",
}
"""Remedy for a writer's 400, by the field in the response."""
REMEDIES: Mapping[int, str] = {
    401: "The url is not one of l3kit's writers: check config_inter_cloud.json",
    404: "The writer is gone or its url changed: apply the twin again",
    405: "The url is not one of l3kit's writers: check config_inter_cloud.json",
    413: "Lower MAX_CHUNK_BYTES, or raise the request limit of the gateway or proxy in front of the writer",
    429: "The writer is overloaded: raise its concurrency; the next run tries again",
}
_FOREIGN = "The response is not from l3kit's writer: check the url, and for a proxy or sign-in page in front of it"


@dataclass(frozen=True, slots=True)
class Answer:
    """A receiver's response.

    Attributes:
        body: its JSON object; empty if it is not one.
        headers: names in lower case.
        packed: whether the request was gzip.
    """

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    packed: bool = False

    @property
    def words(self) -> str | None:
        """The writer's error message; None if the response is not from a writer."""
        words = self.body.get("error")
        return words if isinstance(words, str) else None

    @property
    def is_page(self) -> bool:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/html"


def json_object(content: bytes) -> Mapping[str, Any]:
    """Parse a JSON object; empty for any other content."""
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def cause_of(answer: Answer, token: Secret) -> str:
    """The status and the receiver's message, shortened, with the token and signatures redacted."""
    message = redacted(_message_of(answer).replace(token.reveal(), "***"))
    said = "".join(sign if sign.isprintable() else " " for sign in message)
    return f"HTTP {answer.status}{said if len(said) <= _LONGEST else f'{said[:_LONGEST]}...)'}"


def _message_of(answer: Answer) -> str:
    if answer.words is not None:
        return f" ({answer.words})"
    if answer.is_page:
        return " with an HTML page, which no writer returns"
    kind = _aws_error(answer)
    return f" by AWS itself ({kind})" if kind else ""


def remedy_of(answer: Answer) -> str:
    """The remedy for an error response."""
    status = answer.status
    if status == 400:
        return _remedy_of_400(answer)
    if status == 403:
        return _remedy_of_403(answer)
    if status == 415:
        return _NO_GZIP if answer.packed else _VERSIONS
    if 300 <= status < 400:
        return "Redirects are not followed, since they would send the token elsewhere: correct the url"
    if status in REMEDIES:
        return REMEDIES[status]
    if status >= 500 and (answer.words is not None or _aws_error(answer) or not answer.is_page):
        return "See the writer's log; the next run tries again"
    return _FOREIGN


def failed(link: str, answer: Answer, token: Secret) -> TransferError:
    """The error for a response that no retry will change."""
    named, index = answer.body.get("field"), answer.body.get("index")
    return TransferError(
        link,
        cause_of(answer, token),
        remedy_of(answer),
        status=answer.status,
        field=named if isinstance(named, str) else None,
        index=index if type(index) is int else None,
    )


def unconfirmed(link: str, answer: Answer) -> TransferError:
    """The error for a 200 that is not a valid receipt."""
    if answer.is_page:
        cause, remedy = f"HTTP {answer.status} with an HTML page, which no writer returns", _FOREIGN
    else:
        missing = "" if "sha256" in answer.body else ": it has no 'sha256', which every writer must return"
        cause = f"HTTP {answer.status}, but the response does not confirm the key and digest that were sent{missing}"
        remedy = "Check that the url is that of l3kit's writer; see docs/reference/protocol.md"
    return TransferError(link, cause, f"{remedy}. Nothing was deleted", status=answer.status)


def conflicting_digest(link: str, answer: Answer, key: str) -> str:
    """The digest that a 409 names of the content under the key. Raises: TransferError if it names none."""
    existing = answer.body.get("sha256")
    if not isinstance(existing, str):
        raise TransferError(
            link,
            f"HTTP 409 for {key} without the digest of the existing content",
            "The content is unreadable there, or the writer is a third-party one: see docs/reference/protocol.md",
            status=409,
        )
    return existing


def retry_after(answer: Answer, now: datetime) -> float:
    """Seconds of the response's Retry-After header, given as seconds or a date; 0 if absent or invalid."""
    value = answer.headers.get("retry-after")
    if not value:
        return 0.0
    if value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def broken_connection(error: requests.exceptions.RequestException, timeout: float) -> tuple[str, str]:
    """Cause and remedy of a failed connection, without the exception's text, which may contain secrets."""
    text = repr(error)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"no connection within {timeout:g} s", "Check the network and the url"
    if isinstance(error, requests.exceptions.Timeout):
        return f"no response within {timeout:g} s", "See the writer's log; the next run tries again"
    if "NameResolution" in text or "getaddrinfo" in text or "Name or service not known" in text:
        return "the host name of its url cannot be resolved (DNS)", REMEDIES[404]
    if "refused" in text:
        return "the connection was refused", "Nothing listens at the url: apply the twin again"
    return f"the connection broke ({type(error).__name__})", "The next run tries again"


def _remedy_of_400(answer: Answer) -> str:
    if answer.words is None:
        return _FOREIGN
    named = answer.body.get("field")
    return _BY_FIELD.get(named, _VERSIONS) if isinstance(named, str) else _VERSIONS


def _remedy_of_403(answer: Answer) -> str:
    if type(answer.body.get("clock_skew")) is int:
        return "Set the clock of the machine that sends; the next run tries again"
    if answer.words is not None:
        return "The tokens of sender and receiver differ, or their link_auth: apply the twin again"
    if _aws_error(answer):
        return "The url is not public, so AWS refused the request before it reached the writer: apply the twin again"
    return "The request did not reach the writer: check for a proxy or firewall, and that the url is public"


def _aws_error(answer: Answer) -> str | None:
    """AWS's error type, if AWS responded in place of the function."""
    kind = answer.headers.get("x-amzn-errortype", "").partition(":")[0]
    return kind if kind.isidentifier() else None
