"""Google Cloud's control plane by plain JSON requests: the port `Control`."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import requests
from google.auth.exceptions import GoogleAuthError, TransportError

from l3kit.clouds.gcp.control.traffic import Exchange
from l3kit.clouds.gcp.data.credentials import LOG_IN
from l3kit.clouds.ports.control import Query, Refusal
from l3kit.clouds.shared.patience import Patience, UnansweredError
from l3kit.clouds.shared.waiting import LONGEST_WAIT
from l3kit.errors import PermissionMissingError, ProvisioningError

SECONDS = 60.0
"""Maximum wait for an answer; whatever takes longer is a long-running operation."""
UPLOAD_SECONDS = 300.0
UPLOADS, UPLOAD = "storage.googleapis.com", "${upload}"
VERSIONS: Mapping[str, str] = {"cloudfunctions": "v2", "run": "v2", "cloudresourcemanager": "v3"}
"""Version of the operations of an API; v1 for others."""
CODES = (
    *(("OK", 200), ("CANCELLED", 499), ("UNKNOWN", 500), ("INVALID_ARGUMENT", 400), ("DEADLINE_EXCEEDED", 504)),
    *(("NOT_FOUND", 404), ("ALREADY_EXISTS", 409), ("PERMISSION_DENIED", 403), ("RESOURCE_EXHAUSTED", 429)),
    *(("FAILED_PRECONDITION", 400), ("ABORTED", 409), ("OUT_OF_RANGE", 400), ("UNIMPLEMENTED", 501)),
    *(("INTERNAL", 500), ("UNAVAILABLE", 503), ("DATA_LOSS", 500), ("UNAUTHENTICATED", 401)),
)
"""Each google.rpc.Code, in which operations tell their end, with its HTTP status."""


T = TypeVar("T")


class Response(Protocol):
    """The part of an answer that is read."""

    @property
    def status_code(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def content(self) -> bytes: ...


class Http(Protocol):
    """A session that adds credentials, such as google-auth's `AuthorizedSession`."""

    @property
    def request(self) -> Callable[..., Any]: ...


class GoogleApi:
    """The APIs of Google Cloud.

    Args:
        base: returns the address of an API by its host.
        http: sends requests with credentials.
        plain: sends requests without them, for addresses that authorize by themselves.
        between: maximum seconds between two looks at an operation.
        seen: called with each request and its answer.
    """

    def __init__(
        self,
        base: Callable[[str], str],
        http: Http,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random.random,
        plain: Http | None = None,
        between: float = LONGEST_WAIT,
        seen: Callable[[Exchange], None] = lambda exchange: None,
    ) -> None:
        self._base = base
        self._http = http
        self._plain: Http = requests.Session() if plain is None else plain
        self._seen = seen
        self.patience = Patience(sleep=sleep, clock=clock, random=random, between=between)

    def get(self, service: str, path: str, query: Query | None = None) -> dict[str, Any]:
        return self._ask("GET", service, path, query)

    def post(self, service: str, path: str, body: Mapping[str, Any], query: Query | None = None) -> dict[str, Any]:
        return self._ask("POST", service, path, query, body)

    def put(self, service: str, path: str, body: Mapping[str, Any], query: Query | None = None) -> dict[str, Any]:
        return self._ask("PUT", service, path, query, body)

    def patch(self, service: str, path: str, body: Mapping[str, Any], query: Query | None = None) -> dict[str, Any]:
        return self._ask("PATCH", service, path, query, body)

    def delete(self, service: str, path: str, query: Query | None = None) -> dict[str, Any]:
        return self._ask("DELETE", service, path, query)

    def upload(self, url: str, content: bytes, headers: Mapping[str, str]) -> None:
        def once() -> None:
            answer = _sent(self._plain, "PUT", url, data=content, headers=dict(headers), timeout=UPLOAD_SECONDS)
            self._seen(_exchange(UPLOADS, "PUT", UPLOAD, None, answer))  # its address is a secret
            _content(answer)

        self._with_patience("the address for an upload", once)

    def wait(self, service: str, operation: Mapping[str, Any], what: str, limit: float) -> dict[str, Any]:
        if not _is_operation(operation):
            return dict(operation)
        path = f"{VERSIONS.get(service.partition('.')[0], 'v1')}/{operation.get('name')}"
        seen = [dict(operation)]

        def read() -> dict[str, Any]:
            return seen.pop() if seen else self.get(service, path)

        ended = self.patience.poll(read, lambda state: bool(state.get("done")), what, limit)
        if error := ended.get("error"):
            code = int(error.get("code", 2))
            name, status = CODES[code] if 0 <= code < len(CODES) else ("", 500)
            raise Refusal(status, name, str(error.get("message", "")), error.get("details", ()))
        return dict(ended.get("response") or {})

    def _ask(
        self, method: str, service: str, path: str, query: Query | None, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        path = f"{path}{_query_text(query)}"
        url = f"{self._base(service).rstrip('/')}/{path}"
        more: dict[str, Any] = {"timeout": SECONDS, "allow_redirects": False}
        if body is not None:
            content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
            more |= {"data": content, "headers": {"Content-Type": "application/json"}}

        def once() -> dict[str, Any]:
            answer = _sent(self._http, method, url, **more)
            self._seen(_exchange(service, method, path, body, answer))
            return _content(answer)

        return self._with_patience(service, once)

    def _with_patience(self, what: str, once: Callable[[], T]) -> T:
        try:
            return self.patience.send(once)
        except UnansweredError as error:
            remedy = "Check the network, then apply again; it continues from here"
            raise ProvisioningError(what, f"was not reached ({error})", remedy) from None
        except Refusal as refusal:
            if refusal.status == 401:
                cause = f"were not accepted by {what} ({refusal.message or refusal.code or 401})"
                raise PermissionMissingError("Google Cloud credentials", cause, LOG_IN) from None
            raise


def _sent(http: Http, method: str, url: str, **more: Any) -> Response:
    """Send one request. Raises: UnansweredError; PermissionMissingError without usable credentials."""
    try:
        answer: Response = http.request(method, url, **more)
    except (requests.RequestException, TransportError, ConnectionError, TimeoutError) as error:
        raise UnansweredError(type(error).__name__) from None
    except GoogleAuthError as error:
        cause = f"cannot be used ({type(error).__name__})"
        raise PermissionMissingError("Google Cloud credentials", cause, LOG_IN) from None
    return answer


def _content(answer: Response) -> dict[str, Any]:
    """Return the JSON of an answer. Raises: Refusal; UnansweredError for a success that is no JSON."""
    if answer.status_code >= 300:
        raise refusal_of(answer.status_code, answer.headers, answer.content)
    if not answer.content.strip():
        return {}
    try:
        content = json.loads(answer.content)
    except ValueError:
        raise UnansweredError("the answer was cut off") from None
    return content if isinstance(content, dict) else {}


def _exchange(service: str, method: str, path: str, body: Any, answer: Response) -> Exchange:
    try:
        content = json.loads(answer.content)
    except ValueError:
        content = None
    return Exchange(service, method, path, body, answer.status_code, dict(answer.headers), content)


def refusal_of(status: int, headers: Mapping[str, str], content: bytes) -> Refusal:
    """Read an error, in the form of most APIs or in that of Cloud Storage."""
    wait = _seconds(headers.get("Retry-After", ""))
    try:
        error = json.loads(content)["error"]
        code = str(error.get("status") or "")
        details = [one for one in (*error.get("details", ()), *error.get("errors", ())) if isinstance(one, dict)]
        reasons = [str(one["reason"]) for one in details if one.get("reason")]
        return Refusal(status, code or next(iter(reasons), ""), str(error.get("message", "")), details, wait=wait)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Refusal(status, wait=wait)


def _is_operation(answer: Mapping[str, Any]) -> bool:
    return "operations/" in str(answer.get("name", "")) or "done" in answer


def _query_text(query: Query | None) -> str:
    pairs = [
        f"{quote(name, safe='$')}={quote(value, safe='')}"
        for name, values in (query or {}).items()
        for value in _several(values)
    ]
    return f"?{'&'.join(pairs)}" if pairs else ""


def _several(values: str | Sequence[str]) -> Sequence[str]:
    return (values,) if isinstance(values, str) else values


def _seconds(text: str) -> float:
    """Read a Retry-After in seconds; a date counts as none, since no API of Google's gives one."""
    try:
        return max(0.0, float(text))
    except ValueError:
        return 0.0
