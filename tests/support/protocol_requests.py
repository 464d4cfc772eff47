"""Requests to receivers and readers generated from the schema, adjusted where it cannot express dependencies."""

from __future__ import annotations

import base64
import gzip
import hashlib
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema_rs
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, core, settings
from requests.structures import CaseInsensitiveDict

from l3kit.errors import ConfigurationError
from l3kit.tiering.format.chunks import object_key
from l3kit.tiering.format.object_metadata import amount_fault
from l3kit.tiering.format.time_ranges import read_bound
from l3kit.tiering.transfer import wire
from l3kit.tiering.transfer.cold_writer import MAX_CHUNK_KEY_BYTES
from l3kit.twin.connections import Connection
from tests.support.message_requests import accounted, fitting_feedback, fitting_messages

OPENAPI = Path(__file__).parents[2] / "docs" / "reference" / "openapi.yaml"
_numbers = itertools.count(1)
_RUN = ("2026-01-01T00:00:00+00:00", "2026-01-01T23:59:59.999Z")
_TEXTS = ("iot_device_id", "start_timestamp", "end_timestamp")


GENERATION = {"deterministic": True, "database": "none", "with-security-parameters": False}


def schema_of(seed: int) -> schemathesis.schemas.BaseSchema:
    """docs/reference/openapi.yaml for schemathesis, with the draws of a seed."""
    config = schemathesis.Config.from_dict({"seed": seed, "generation": GENERATION})
    return schemathesis.openapi.from_path(OPENAPI, config=config)


SCHEMA = schema_of(5)
DRAWN = schema_of(core.global_force_seed or 0)
"""Its requests are others in every run; the seed stands at the run's end."""
repeatable = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
TAKEN, REFUSED = {200, 409}, {400, 413, 415}
_CHECKED_HERE = ("positive_data_acceptance", "negative_data_rejection")
"""schemathesis' own checks, which would not see the adjustments or the replaced token."""


@dataclass(frozen=True)
class Endpoint:
    """A receiver or reader and its operation in docs/reference/openapi.yaml."""

    operation: schemathesis.APIOperation
    connection: Connection
    key_fault: Callable[[str], str | None] = field(default=lambda key: None)

    def post(
        self, body: Any, *, method: str = "POST", token: str | None = "", **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Send, check that the answer is a documented one, and return its status and JSON.

        Args:
            body: bytes are sent unchanged, anything else as JSON.
            token: an empty string sends the right token, None sends none.
            headers: such as `content_encoding="gzip"`.
        """
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        sent = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
        answer = requests.request(
            method, self.connection.url, data=content, headers=sent | self.token_header(token), timeout=120
        )
        self.checked(answer, body=content, media_type="application/json")
        return answer.status_code, answer.json()

    def get(self, query: str | dict[str, str], *, method: str = "GET", token: str | None = "") -> requests.Response:
        """Send a query, check that the answer is a documented one, and return it.

        Args:
            query: text is sent unchanged, anything else encoded as clients do.
            token: as for `post`.
        """
        text = query if isinstance(query, str) else urlencode(query)
        url = f"{self.connection.url}?{text}"
        return self.checked(requests.request(method, url, headers=self.token_header(token), timeout=120))

    def checked(self, answer: requests.Response, **request: Any) -> requests.Response:
        """Return an answer of this endpoint if it is a documented one."""
        self.operation.Case(**request).validate_response(answer, checks=_DOCUMENTED)
        return answer

    def token_header(self, token: str | None) -> dict[str, str]:
        return {} if token is None else {wire.TOKEN_HEADER: token or self.connection.token}


def checks(*names: str) -> list[Any]:
    """Look up schemathesis' checks by name."""
    schemathesis.checks.load_all_checks()
    return [schemathesis.checks.CHECKS.get_one(name) for name in names]


_DOCUMENTED = checks(
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)


@cache
def document() -> dict[str, Any]:
    """docs/reference/openapi.yaml."""
    content: dict[str, Any] = yaml.load(OPENAPI.read_text("utf-8"), yaml.CSafeLoader)
    return content


def validator(name: str) -> Any:
    """A validator of one of the schemas in docs/reference/openapi.yaml."""
    components = document()["components"]
    return jsonschema_rs.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})


_ENVELOPES = {"/cold-writer": validator("ColdEnvelope"), "/archive-writer": validator("ArchiveEnvelope")}
_ENVELOPES |= dict.fromkeys(("/ingestion", "/writer"), validator("MessageEnvelope"))
_ENVELOPES["/feedback-receiver"] = validator("FeedbackEnvelope")


def send(case: schemathesis.Case, writer: Endpoint) -> None:
    """Send a copy of the case, since explicit examples are reused for the next cloud."""
    body, headers = case.body, case.headers
    try:
        _send(case, writer)
    finally:
        case.body, case.headers = body, headers


def _send(case: schemathesis.Case, writer: Endpoint) -> None:
    """Send a generated request and check that the answer fits the schema and accepts or refuses it correctly.

    The dependent parts of a valid request are adjusted first. A gzip body is really compressed, the token is right,
    and `Idempotency-Key` is not random. The media type may be wrong, since writers ignore it.
    """
    path, encoding = case.operation.path, str(case.headers.get("Content-Encoding", "")).strip()
    packed, known = encoding in ("gzip", "x-gzip"), encoding in ("", "gzip", "x-gzip", "identity")
    as_json = case.media_type == "application/json" and isinstance(case.body, dict)
    right = as_json and known and _ENVELOPES[path].is_valid(case.body)
    case.freeze_metadata()
    if right:
        fitting, key_of = _FITTING[path]
        case.body = fitting(case.body)
        right = key_of is None or not writer.key_fault(key_of(case.body))
    asked = case.body
    if packed and as_json:
        case.body = gzip.compress(json.dumps(case.body).encode(), mtime=0)
    case.headers = CaseInsensitiveDict(
        {name: quote(str(text), safe=_ASCII) for name, text in case.headers.items() if name != wire.IDEMPOTENCY_HEADER}
    )
    answer = case.call_and_validate(
        base_url=writer.connection.url.rstrip("/").removesuffix(path),
        headers={wire.TOKEN_HEADER: writer.connection.token},
        excluded_checks=checks(*_CHECKED_HERE),
    )
    if case.method != "POST":
        assert answer.status_code == 405
    else:
        assert answer.status_code in (TAKEN if right else REFUSED), (answer.content, asked)
    if right and case.method == "POST" and path in ("/ingestion", "/writer"):
        assert accounted(asked, answer.json()), (answer.content, asked)


def send_query(case: schemathesis.Case, reader: Endpoint) -> None:
    """Send a generated request to a reader: what fits the schema is answered, anything else answered or refused.

    `next` is left out of what fits, since only an earlier answer has one, and so is a time that the format allows and
    l3kit does not, such as a leap second. Not all that violates the schema is wrong: a date alone is a time, and a list
    of one is sent as the one.
    """
    fits = case.meta is None or case.meta.generation.mode.is_positive
    case.freeze_metadata()
    if fits:
        fit = {"start": _is_time, "end": _is_time, "next": lambda value: False}
        case.query = {name: value for name, value in case.query.items() if name not in fit or fit[name](value)}
    answer = case.call_and_validate(
        base_url=reader.connection.url.rstrip("/").removesuffix(case.operation.path),
        headers=reader.token_header(""),
        excluded_checks=checks(*_CHECKED_HERE),
    )
    if case.method != "GET":
        assert answer.status_code == 405
    else:
        assert answer.status_code in ({200} if fits else {200, 400}), (answer.content, case.query)


def _is_time(text: str) -> bool:
    try:
        read_bound(text, is_end=False)
    except ConfigurationError:
        return False
    return True


_ASCII = "".join(map(chr, range(0x20, 0x7F)))
"""Unescaped in a header; everything else is percent-encoded, since an event cannot contain invalid UTF-8."""


def fitting_chunk(drawn: dict[str, Any]) -> dict[str, Any]:
    """A cold envelope with consistent bounds, ids, key and digest; a seal keeps its generated bounds."""
    if drawn.get("highest"):
        return {**drawn, "iot_device_id": drawn["iot_device_id"][:200]}
    body = {**drawn, "chunk_index": int(drawn["chunk_index"])}
    items = [] if body.get("look") else [dict(item) for item in body["items"]]
    if not body.get("look"):
        body["items"] = items
    if items:
        body["start_timestamp"], body["end_timestamp"] = _RUN
        while len(_chunk_key(body).encode()) > MAX_CHUNK_KEY_BYTES:
            body["iot_device_id"] = body["iot_device_id"][: len(body["iot_device_id"]) // 2]
    for minute, item in enumerate(items):
        item |= {"iotDeviceId": body["iot_device_id"], "id": f"2026-01-01T{minute // 60:02d}:{minute % 60:02d}:00Z"}
    while len(_chunk_key(body).encode()) > MAX_CHUNK_KEY_BYTES:
        longest = max(_TEXTS, key=lambda name: len(body[name]))
        body[longest] = body[longest][: len(body[longest]) // 2]
    if body.get("sha256") and not body.get("look"):
        body["sha256"] = hashlib.sha256(json.dumps(items).encode()).hexdigest().upper()
    return body


def _chunk_key(body: dict[str, Any]) -> str:
    if body.get("highest"):
        return object_key(body["iot_device_id"], "0", "0", 0)
    compression = body.get("compression") or "none"
    return object_key(*(body[name] for name in _TEXTS), body["chunk_index"], compression)


def fitting_object(drawn: dict[str, Any]) -> dict[str, Any]:
    """An archive envelope with consistent digest, encodings and part numbers; each part has its own key."""
    body = dict(drawn)
    while len(body["object_key"].encode()) > 1000 or wire.key_fault(body["object_key"]):
        body["object_key"] = body["object_key"][: len(body["object_key"]) // 2] or "key"
    if str(body.get("content_encoding")).lower() in ("gzip", "x-gzip", "zstd"):
        del body["content_encoding"]
    if body.get("metadata") and amount_fault(body["metadata"]):
        body["metadata"] = {"items": "1"}
    if body.get("is_multipart"):
        body["object_key"] = f"{next(_numbers)}/{body['object_key']}"[:250]
        body["total_parts"] = int(body["total_parts"])
        body["part_number"] = min(int(body["part_number"]), body["total_parts"])
    if body.get("sha256") and not (body.get("is_multipart") and body["total_parts"] > 1):
        body["sha256"] = hashlib.sha256(_stored(body)).hexdigest()
    return body


def _stored(body: dict[str, Any]) -> bytes:
    if body.get("data_encoding") == "base64":
        return base64.b64decode(body["data"])
    return str(body["data"]).encode()


_FITTING: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], Callable[[dict[str, Any]], str] | None]] = {
    "/cold-writer": (fitting_chunk, _chunk_key),
    "/archive-writer": (fitting_object, lambda body: str(body["object_key"])),
    "/ingestion": (fitting_messages, None),
    "/writer": (fitting_messages, None),
    "/feedback-receiver": (fitting_feedback, None),
}
"""Of each receiver, what makes a drawn body consistent, and the object key that it names."""
