"""Requests to Google Cloud: what is sent, which answers are refusals, and the end of long-running operations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from google.auth.exceptions import RefreshError, TransportError

from l3kit.clouds.gcp.control.google_api import GoogleApi
from l3kit.clouds.ports.control import Refusal
from l3kit.errors import PermissionMissingError, ProvisioningError

HOST = "firestore.googleapis.com"


@dataclass(frozen=True)
class Answer:
    status_code: int = 200
    content: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Http:
    """Answers in turn."""

    answers: list[Any]
    sent: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def request(self, method: str, url: str, **more: Any) -> Any:
        self.sent.append((method, url, more))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def api(*answers: Any, plain: Http | None = None) -> tuple[GoogleApi, Http]:
    http, now = Http([*answers]), [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    made = GoogleApi("https://{}".format, http, sleep=sleep, clock=lambda: now[0], random=lambda: 1.0, plain=plain)
    return made, http


def said(content: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, json.dumps(content).encode(), headers)


def test_a_request_has_the_apis_host_its_path_and_its_parameters() -> None:
    control, http = api(said({"name": "x"}))
    query = {"updateMask": "a,b", "names": ["x/1", "y"], "$alt": "json"}
    assert control.patch(HOST, "v1/projects/p", {"ä": 1}, query) == {"name": "x"}
    ((method, url, more),) = http.sent
    assert (method, url) == (
        "PATCH",
        f"https://{HOST}/v1/projects/p?updateMask=a%2Cb&names=x%2F1&names=y&$alt=json",
    )
    assert json.loads(more["data"]) == {"ä": 1}
    assert more["headers"] == {"Content-Type": "application/json"}
    assert not more["allow_redirects"]


def test_an_empty_answer_is_an_empty_object() -> None:
    control, _ = api(Answer(204, b""))
    assert control.delete(HOST, "v1/x") == {}


def test_a_refusal_has_status_code_message_and_details() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}]
    error = {"code": 403, "status": "PERMISSION_DENIED", "message": "Not enabled.", "details": details}
    control, _ = api(said({"error": error}, 403))
    with pytest.raises(Refusal) as caught:
        control.get(HOST, "v1/x")
    assert (caught.value.status, caught.value.code, caught.value.message) == (403, "PERMISSION_DENIED", "Not enabled.")
    assert caught.value.details == tuple(details)


def test_a_refusal_of_cloud_storage_has_its_reason_as_code() -> None:
    error = {"code": 409, "message": "Taken.", "errors": [{"reason": "conflict", "domain": "global"}]}
    control, _ = api(said({"error": error}, 409))
    with pytest.raises(Refusal) as caught:
        control.get(HOST, "v1/x")
    assert (caught.value.code, caught.value.message) == ("conflict", "Taken.")


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"error": "text"}'])
def test_a_refusal_in_no_form_at_all_has_its_status(content: bytes) -> None:
    control, _ = api(Answer(418, content))
    with pytest.raises(Refusal) as caught:
        control.get(HOST, "v1/x")
    assert caught.value.status == 418


@pytest.mark.parametrize(
    "failure",
    [
        Answer(503, b"", {"Retry-After": "3"}),
        Answer(429, b"", {"Retry-After": "soon"}),
        requests.ConnectionError("refused"),
        requests.Timeout(),
        TransportError("no token yet"),
        Answer(200, b'{"cut'),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_what_passes_is_sent_again(failure: Any) -> None:
    control, http = api(failure, failure, said({"done": 1}))
    assert control.get(HOST, "v1/x") == {"done": 1}
    assert len(http.sent) == 3


def test_a_cloud_that_cannot_be_reached_is_told_without_its_address() -> None:
    control, _ = api(*[requests.ConnectionError("https://secret.example/path?token=1")] * 9)
    with pytest.raises(ProvisioningError, match=r"was not reached \(ConnectionError\)") as caught:
        control.get(HOST, "v1/x")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("failure", [RefreshError("expired"), said({"error": {"status": "UNAUTHENTICATED"}}, 401)])
def test_credentials_that_cannot_be_used_are_told_with_the_remedy(failure: Any) -> None:
    control, _ = api(failure)
    with pytest.raises(PermissionMissingError, match="gcloud auth application-default login"):
        control.get(HOST, "v1/x")


def test_an_operation_is_read_until_it_is_done() -> None:
    name = "projects/p/databases/d/operations/1"
    control, http = api(said({"name": name}), said({"name": name, "done": True, "response": {"state": "READY"}}))
    assert control.wait(HOST, {"name": name}, "database d is there", 60) == {"state": "READY"}
    assert [url for _, url, _ in http.sent] == [f"https://{HOST}/v1/{name}"] * 2


@pytest.mark.parametrize(
    ("service", "version"), [("cloudfunctions.googleapis.com", "v2"), ("serviceusage.googleapis.com", "v1")]
)
def test_an_operation_is_read_in_its_apis_version(service: str, version: str) -> None:
    control, http = api(said({"done": True}))
    control.wait(service, {"name": "operations/1"}, "it", 60)
    assert http.sent[0][1] == f"https://{service}/{version}/operations/1"


def test_an_operation_that_is_done_at_once_is_not_read() -> None:
    control, http = api()
    assert control.wait(HOST, {"name": "operations/1", "done": True}, "it", 60) == {}
    assert control.wait(HOST, {"name": "projects/p/things/1"}, "it", 60) == {"name": "projects/p/things/1"}
    assert http.sent == []


def test_an_operation_that_ends_in_an_error_is_a_refusal() -> None:
    control, _ = api()
    ended = {"name": "operations/1", "done": True, "error": {"code": 6, "message": "It exists."}}
    with pytest.raises(Refusal) as caught:
        control.wait(HOST, ended, "it", 60)
    assert (caught.value.status, caught.value.code, caught.value.message) == (409, "ALREADY_EXISTS", "It exists.")


def test_an_operation_that_does_not_end_is_named() -> None:
    control, _ = api(*[said({"name": "operations/1"})] * 99)
    with pytest.raises(ProvisioningError, match="database d is there: did not happen within 30 s"):
        control.wait(HOST, {"name": "operations/1"}, "database d is there", 30)


def test_an_upload_goes_without_credentials_and_its_address_is_never_told() -> None:
    plain = Http([Answer(200, b"")])
    control, http = api(plain=plain)
    control.upload("https://store.example/x?Signature=secret", b"zip", {"Content-Type": "application/zip"})
    assert http.sent == []
    ((method, url, more),) = plain.sent
    assert (method, url, more["data"]) == ("PUT", "https://store.example/x?Signature=secret", b"zip")
    plain.answers = [requests.ConnectionError("https://store.example/x?Signature=secret")] * 9
    with pytest.raises(ProvisioningError) as caught:
        control.upload("https://store.example/x?Signature=secret", b"zip", {})
    assert "secret" not in str(caught.value)
