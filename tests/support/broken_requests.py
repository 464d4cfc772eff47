"""Break each request to Azure or Google Cloud in the sandbox that changes something, once."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from google.api_core.exceptions import PermissionDenied, ServiceUnavailable
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from tests.support.broken_calls import Breaking, KilledError

CONTROL_PLANE = ".googleapis.com/"
DENIED = b'{"error": {"code": 403, "message": "denied", "resource": "this", "cause": "denied", "remedy": "Ask for it"}}'
"""As Google Cloud says it, with what the sandbox adds to its own."""


class RequestBreaker(Breaking):
    """Breaks the requests of `requests`, which the clouds' libraries send, and Firestore's commits.

    Those to Google's control plane pass: tests/faults/test_apply_on_other_clouds.py breaks each of some 200 of a twin.
    `broken` has methods and addresses.
    """

    @contextmanager
    def patched(self) -> Iterator[None]:
        """Break requests for the duration of the block."""
        send, commit = requests.Session.send, FirestoreClient.commit

        def sent(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> Any:
            do = lambda: send(session, request, **more)  # noqa: E731
            if request.method in ("GET", "HEAD") or request.headers.get("X-Inter-Cloud-Token"):
                return do()
            if CONTROL_PLANE in str(request.url):
                return do()
            name = f"{request.method} {str(request.url).partition('?')[0]}"
            call = f"{request.method} {request.url} {_same_again(request)!r}"
            return self._broken(name, call, do, lambda: _refusal(request), requests.ConnectionError("lost"))

        def committed(client: Any, *arguments: Any, **more: Any) -> Any:
            do = lambda: commit(client, *arguments, **more)  # noqa: E731
            call = f"commit {arguments!r} {more!r}"
            return self._broken("commit", call, do, _denied_commit, ServiceUnavailable("lost"))

        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(requests.Session, "send", sent)
            monkeypatch.setattr(FirestoreClient, "commit", committed)
            yield

    def _broken(self, name: str, call: str, do: Callable[[], Any], refuse: Callable[[], Any], lost: Exception) -> Any:
        if not self.is_to_break(name, call):
            return do()
        if self.how == "killed before":
            raise KilledError
        if self.how == "refused":
            return refuse()
        do()
        raise KilledError if self.how == "killed after" else lost


def _same_again(request: requests.PreparedRequest) -> object:
    """The body, by which a request is known when it is sent again; a function's form has a new boundary each time."""
    multipart = str(request.headers.get("Content-Type")).startswith("multipart/form-data")
    return None if multipart else request.body


def _refusal(request: requests.PreparedRequest) -> requests.Response:
    headers = {"Content-Type": "application/json", "Content-Length": str(len(DENIED))}
    raw = HTTPResponse(io.BytesIO(DENIED), headers, 403, reason="Forbidden", preload_content=False)
    return HTTPAdapter().build_response(request, raw)


def _denied_commit() -> Any:
    raise PermissionDenied("denied")
