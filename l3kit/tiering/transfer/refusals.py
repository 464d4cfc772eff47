"""What an answer that is no success means, or none at all: the cause, and what can be done. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import requests

from l3kit.errors import TransferError
from l3kit.tiering.tokens import Secret

_LONGEST = 200
"""Characters that are repeated of what a receiver says."""
_VERSIONS = "The two sides are of different versions: apply the twin again"
_DATA = "Correct it in the sender's data, or remove it there; nothing was stored and nothing deleted"
_NO_GZIP = "It takes no gzip, and plain JSON is too large for it: lower MAX_CHUNK_BYTES"
_DAMAGED = "It was damaged on its way: run the mover again"
_OBJECT = "Correct that object's metadata, or remove it; it was left where it is"

_BY_FIELD: Mapping[str, str] = {
    **dict.fromkeys(("items", "iot_device_id", "start_timestamp", "end_timestamp", "chunk_index"), _DATA),
    **dict.fromkeys(("sha256", "data", "body"), _DAMAGED),
    **dict.fromkeys(("metadata", "content_encoding"), _OBJECT),
    "object_key": "This object's key cannot be held there: rename it or remove it; it was left where it is",
}
"""What helps against a writer's 400, by the field that it names."""
REMEDIES: Mapping[int, str] = {
    401: "The url is not one of l3kit's writers: check config_inter_cloud.json",
    404: "The writer is gone or its url changed: apply the twin again",
    405: "The url is not one of l3kit's writers: check config_inter_cloud.json",
    413: "Lower MAX_CHUNK_BYTES, or raise the limit of what stands before the writer",
    429: "The writer is overloaded: raise its concurrency; the next run tries again",
}
_FOREIGN = "That is not l3kit's writer that answers: is a proxy or a sign-in page before it? Check the url"


@dataclass(frozen=True, slots=True)
class Answer:
    """A receiver's answer.

    Attributes:
        body: its JSON object; empty where it is none.
        headers: names in lower case.
        packed: whether the request was gzip.
    """

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    packed: bool = False

    @property
    def words(self) -> str | None:
        """What a writer says is wrong; None where the answer is not a writer's."""
        words = self.body.get("error")
        return words if isinstance(words, str) else None

    @property
    def is_page(self) -> bool:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/html"


def json_object(content: bytes) -> Mapping[str, Any]:
    """A JSON object; empty where the content is anything else."""
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def cause_of(answer: Answer, token: Secret) -> str:
    """The status, and the receiver's own words, shortened and without what they may repeat of the token."""
    said = "".join(sign if sign.isprintable() else " " for sign in _message_of(answer).replace(token.reveal(), "***"))
    return f"HTTP {answer.status}{said if len(said) <= _LONGEST else f'{said[:_LONGEST]}...)'}"


def _message_of(answer: Answer) -> str:
    if answer.words is not None:
        return f" ({answer.words})"
    if answer.is_page:
        return " with an HTML page, which no writer answers"
    kind = _aws_error(answer)
    return f" by AWS itself ({kind})" if kind else ""


def remedy_of(answer: Answer) -> str:
    """What the reader can do now."""
    status = answer.status
    if status == 400:
        return _remedy_of_400(answer)
    if status == 403:
        return _remedy_of_403(answer)
    if status == 415:
        return (
            "It takes no gzip, and plain JSON is too large for it: lower MAX_CHUNK_BYTES"
            if answer.packed
            else _VERSIONS
        )
    if 300 <= status < 400:
        return "A redirect is not followed, since it would carry the token elsewhere: correct the url"
    if status in REMEDIES:
        return REMEDIES[status]
    if status >= 500 and (answer.words is not None or _aws_error(answer) or not answer.is_page):
        return "See the writer's log; the next run tries again"
    return _FOREIGN


def failed(link: str, answer: Answer, token: Secret) -> TransferError:
    """The error of an answer that will not get better by trying again."""
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
    """The error of a 200 that does not say what a receipt says."""
    if answer.is_page:
        cause, remedy = f"HTTP {answer.status} with an HTML page, which no writer answers", _FOREIGN
    else:
        missing = (
            "" if "sha256" in answer.body else ": it has no 'sha256', by which a writer of any make has to confirm"
        )
        cause = f"HTTP {answer.status}, but the answer does not confirm the key and digest that were sent{missing}"
        remedy = "Is the url that of l3kit's writer? See docs/protocol.md"
    return TransferError(link, cause, f"{remedy}. Nothing was deleted", status=answer.status)


def broken_connection(error: requests.exceptions.RequestException, timeout: float) -> tuple[str, str]:
    """Cause and remedy, without the exception's own text: it may hold more than a log should."""
    text = repr(error)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"no connection within {timeout:g} s", "Check the network and the url"
    if isinstance(error, requests.exceptions.Timeout):
        return f"no answer within {timeout:g} s", "See the writer's log; the next run tries again"
    if "NameResolution" in text or "getaddrinfo" in text or "Name or service not known" in text:
        return "the host name of its url cannot be resolved (DNS)", "The writer is gone or its url changed: apply again"
    if "refused" in text:
        return "the connection was refused", "Nothing listens at the url: apply the twin again"
    return f"the connection broke ({type(error).__name__})", "The next run tries again"


def _remedy_of_400(answer: Answer) -> str:
    if answer.words is None:
        return _FOREIGN
    named = answer.body.get("field")
    return _BY_FIELD.get(named, _VERSIONS) if isinstance(named, str) else _VERSIONS


def _remedy_of_403(answer: Answer) -> str:
    if answer.words is not None:
        return "The tokens of the two sides differ: apply the twin again"
    if _aws_error(answer):
        return "The url is not public: AWS refused before the writer was asked: apply the twin again"
    return "Something before the writer refused it: a proxy, a firewall, or the url is not public"


def _aws_error(answer: Answer) -> str | None:
    """AWS's own name for what is wrong, where it answered in place of the function."""
    kind = answer.headers.get("x-amzn-errortype", "").partition(":")[0]
    return kind if kind.isidentifier() else None
