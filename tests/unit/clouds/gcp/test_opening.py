"""Opening a project: what is missing or refused is told in one sentence, before anything is done."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import google.oauth2.credentials
import pytest
from google.auth.credentials import Credentials
from google.auth.exceptions import DefaultCredentialsError, RefreshError

from l3kit.clouds.gcp.control.functions import CloudRunFunctions
from l3kit.clouds.gcp.opening import (
    Endpoints,
    Found,
    billed_to,
    check_project,
    found_credentials,
    open_project,
    session_on,
)
from l3kit.clouds.gcp.session import GcpSession
from l3kit.clouds.ports.control import Refusal
from l3kit.errors import ConfigurationError, PermissionMissingError, ProvisioningError
from tests.support.canned_control import CannedControl, disabled

PROJECT, REGION = "plant-7", "europe-west1"
SEEN = f"GET cloudresourcemanager.googleapis.com/v3/projects/{PROJECT}"


def user(project: str = "", token: str = "ya29.x") -> Found:
    expiry = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1)
    return lambda: (google.oauth2.credentials.Credentials(token, expiry=expiry), project)


class Google(ThreadingHTTPServer):
    """Answers each path with a status and JSON, and keeps who asked."""

    answers: dict[str, tuple[int, Any]]
    seen: list[tuple[str, str | None, str | None]]

    @property
    def endpoints(self) -> Endpoints:
        base = f"http://127.0.0.1:{self.server_port}"
        return Endpoints(lambda host: f"{base}/{host}", "http://127.0.0.1:1", "127.0.0.1:2")


@pytest.fixture
def google_there() -> Iterator[Google]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server = self.server
            assert isinstance(server, Google)
            server.seen.append((self.path, self.headers.get("Authorization"), self.headers.get("X-Goog-User-Project")))
            status, answer = server.answers.get(self.path, (404, {}))
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            return None

    server = Google(("127.0.0.1", 0), Handler)
    server.answers, server.seen = {}, []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


PATH = f"/cloudresourcemanager.googleapis.com/v3/projects/{PROJECT}"


def opened(server: Google, project: str = PROJECT, found: Found | None = None) -> GcpSession:
    return open_project(project, REGION, found=found or user(), endpoints=server.endpoints)


def test_a_project_that_is_there_opens_with_the_given_credentials_and_addresses(google_there: Google) -> None:
    google_there.answers[PATH] = (200, {"projectId": PROJECT, "state": "ACTIVE"})
    session = opened(google_there)
    assert (session.project, session.region) == (PROJECT, REGION)
    assert (session.storage_endpoint, session.firestore_endpoint) == ("http://127.0.0.1:1", "127.0.0.1:2")
    assert session.control is not None
    assert session.credentials is not None
    assert google_there.seen == [(PATH, "Bearer ya29.x", PROJECT)]
    assert "ya29" not in repr(session)


def test_each_twin_of_a_real_project_has_a_database_of_its_own(google_there: Google) -> None:
    google_there.answers[PATH] = (200, {"state": "ACTIVE"})
    assert opened(google_there).database_of("plant") == "l3kit-plant"


@pytest.mark.parametrize(("storage", "live"), [(None, True), ("http://127.0.0.1:1", False)])
def test_jobs_run_by_themselves_at_google_and_in_no_sandbox(storage: str | None, live: bool) -> None:
    session = session_on(PROJECT, REGION, google.oauth2.credentials.Credentials("ya29.x"), Endpoints(storage=storage))
    assert isinstance(session.functions, CloudRunFunctions)
    assert session.functions.place.is_live is live


def test_without_a_project_it_is_that_of_the_credentials(google_there: Google) -> None:
    google_there.answers[PATH] = (200, {"state": "ACTIVE"})
    assert opened(google_there, "", user(PROJECT)).project == PROJECT
    with pytest.raises(ConfigurationError, match="gcp_project: is empty, and the credentials belong to no project"):
        opened(google_there, "", user())


def test_without_a_region_not_even_credentials_are_looked_for() -> None:
    with pytest.raises(ConfigurationError, match="gcp_region: is empty; nothing was done"):
        open_project(PROJECT, "", found=lambda: pytest.fail("looked for credentials"))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Your default credentials were not found. To set up ...", "there are none; nothing was done"),
        ("File /x.json was not found.", "cannot be used (File /x.json was not found.); nothing was done"),
    ],
)
def test_credentials_that_are_missing_or_broken_are_told_with_the_remedy(text: str, cause: str) -> None:
    def default(**more: Any) -> Any:
        raise DefaultCredentialsError(text)

    with pytest.raises(PermissionMissingError) as caught:
        found_credentials(default)
    assert (caught.value.cause, caught.value.remedy) == (cause, "Log in: gcloud auth application-default login")


def test_a_persons_credentials_are_found_without_a_warning_and_with_the_project_they_count_for() -> None:
    def default(scopes: list[str]) -> tuple[Any, None]:
        assert scopes == ["https://www.googleapis.com/auth/cloud-platform"]
        warnings.warn("without a quota project", UserWarning, stacklevel=1)
        return google.oauth2.credentials.Credentials("t", quota_project_id="plant-8"), None

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert found_credentials(default)[1] == "plant-8"


class Broken(Credentials):  # type: ignore[misc]
    """Credentials that are revoked."""

    def refresh(self, request: object) -> None:
        raise RefreshError("invalid_grant: Token has been revoked.", {"refresh_token": "very-secret"})


def test_revoked_credentials_say_so_and_show_no_secret(google_there: Google) -> None:
    with pytest.raises(PermissionMissingError, match="nothing was done") as caught:
        opened(google_there, found=lambda: (Broken(), ""))
    assert caught.value.resource == "Google Cloud credentials"
    assert "very-secret" not in str(caught.value)
    assert google_there.seen == []


def test_only_a_persons_requests_are_made_to_count_for_the_project() -> None:
    person = google.oauth2.credentials.Credentials("t")
    assert billed_to(person, PROJECT).quota_project_id == PROJECT
    assert billed_to(person.with_quota_project("mine"), PROJECT).quota_project_id == "mine"
    account = Broken()
    assert billed_to(account, PROJECT) is account


def test_a_new_project_that_has_not_enabled_the_api_which_tells_of_it_is_taken() -> None:
    check_project(CannedControl({SEEN: disabled("cloudresourcemanager.googleapis.com")}), PROJECT)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            Refusal(403, "PERMISSION_DENIED", "The caller does not have permission"),
            PermissionMissingError,
            "project plant-7: does not exist, or the credentials may not see it; nothing was done. Check gcp_project",
        ),
        (Refusal(404, "NOT_FOUND", "x"), PermissionMissingError, "does not exist, or the credentials may not see it"),
        ({"state": "DELETE_REQUESTED"}, ProvisioningError, "is DELETE_REQUESTED; nothing was done"),
        (Refusal(500, "INTERNAL", "Internal error"), ProvisioningError, "Google Cloud refused it"),
    ],
)
def test_a_project_that_cannot_be_used_is_told_with_the_reason(answer: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as caught:
        check_project(CannedControl({SEEN: answer}), PROJECT)
    assert words in str(caught.value)
