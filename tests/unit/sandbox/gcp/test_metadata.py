"""The metadata server answers functions alone, in the forms that Google's own client reads."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import google.auth
import google.auth.compute_engine._metadata as client
import pytest
import requests
from aiohttp import web
from google.auth.transport.requests import Request
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.sandbox.gcp.account import PROJECT
from l3kit.sandbox.gcp.identity import TOKEN_SECONDS, Tokens
from l3kit.sandbox.gcp.metadata import EARLY_SECONDS, PATH, ROOT, MetadataServer
from tests.support.http_in_thread import served_in_thread

EMAIL = "mover@l3kit-sandbox.iam.gserviceaccount.com"
ACCOUNT = f"{ROOT}instance/service-accounts/default/"
FLAVOR = {"Metadata-Flavor": "Google"}


@dataclass
class World:
    """A metadata server. `function`: whose process is taken to ask; `looked`: how often it was looked up."""

    function: str | None = "mover"
    now: float = 1_000.0
    looked: int = 0
    address: str = field(default="", init=False)
    tokens: Tokens = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = Tokens(lambda: self.now)

    async def caller(self, request: web.Request) -> str | None:
        self.looked += 1
        await asyncio.sleep(0)
        return self.function

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.address + path, headers={**FLAVOR, **headers}, timeout=60)

    def token(self) -> dict[str, str | int]:
        return dict(self.get(f"{ACCOUNT}token").json())


@contextmanager
def serving(**more: str | None) -> Iterator[World]:
    world = World(**more)  # type: ignore[arg-type]
    accounts = {"mover": EMAIL}
    server = MetadataServer(world.tokens, world.caller, accounts.get)
    with served_in_thread(server.serve) as address:
        world.address = address
        yield world


@pytest.fixture
def world() -> Iterator[World]:
    with serving() as served:
        yield served


def test_googles_own_client_finds_it_and_gets_a_token_that_names_the_function(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    host = world.address.removeprefix("http://")
    monkeypatch.setenv("GCE_METADATA_IP", host)
    monkeypatch.setattr(client, "_GCE_METADATA_HOST", host)  # read from its variable when it is imported
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path_factory.mktemp("cloudsdk")))
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    world.now = 1e9
    credentials, project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    credentials.refresh(Request())
    assert project == PROJECT
    assert credentials.service_account_email == EMAIL
    assert world.tokens.email_of(credentials.token) == EMAIL
    assert client.get_universe_domain(Request()) == "googleapis.com"


def test_what_it_tells_of_the_account(world: World) -> None:
    told = world.get(f"{ACCOUNT}?recursive=true")
    assert told.headers["Metadata-Flavor"] == "Google"
    assert told.headers["Content-Type"].startswith("application/json")
    assert told.json()["email"] == EMAIL
    assert world.get(f"{ACCOUNT}email").text == EMAIL
    assert world.get(f"{ROOT}instance/service-accounts/{EMAIL}/email").text == EMAIL
    assert world.get(f"{ROOT}instance/service-accounts/").text.split() == ["default/", f"{EMAIL}/"]
    assert "cloud-platform" in world.get(f"{ACCOUNT}scopes").text
    assert world.get(f"{ROOT}project/project-id").text == PROJECT


@pytest.mark.parametrize(
    "path", ["", "x", "instance/service-accounts/other@x/email", "instance/service-accounts/default/key"]
)
def test_what_it_does_not_know_is_not_found(world: World, path: str) -> None:
    assert world.get(ROOT + path).status_code == 404


def test_a_token_is_given_out_again_until_five_minutes_before_it_expires(world: World) -> None:
    first = world.token()
    assert (first["expires_in"], first["token_type"]) == (TOKEN_SECONDS, "Bearer")
    world.now += TOKEN_SECONDS - EARLY_SECONDS
    assert world.token() == {**first, "expires_in": EARLY_SECONDS}
    world.now += 1
    later = world.token()
    assert later["access_token"] != first["access_token"]
    assert later["expires_in"] == TOKEN_SECONDS
    assert world.tokens.email_of(str(later["access_token"])) == EMAIL


def test_an_identity_token_needs_an_audience(world: World) -> None:
    assert world.get(PATH).status_code == 400
    assert world.tokens.caller_of(world.get(f"{PATH}?audience=http://x").text, "http://x") == EMAIL


@pytest.mark.parametrize(
    "headers",
    [{"Metadata-Flavor": ""}, {"Metadata-Flavor": "google"}, {"X-Forwarded-For": "127.0.0.1"}],
)
def test_a_request_without_the_header_or_forwarded_is_refused(world: World, headers: dict[str, str]) -> None:
    assert world.get(f"{ACCOUNT}token", **headers).status_code == 403


def test_it_is_looked_up_once_for_a_connection(world: World) -> None:
    with requests.Session() as session:
        for _ in range(3):
            assert session.get(world.address + f"{ACCOUNT}email", headers=FLAVOR, timeout=60).text == EMAIL
    assert world.looked == 1


@pytest.mark.parametrize("function", [None, "deleted-meanwhile"])
def test_what_is_no_function_is_refused_also_where_it_looks_for_the_server(function: str | None) -> None:
    with serving(function=function) as world:
        for path in ("/", f"{ACCOUNT}token", PATH):
            assert world.get(path).status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_it_is_only_read(world: World, method: str) -> None:
    answer = requests.request(method, world.address + f"{ACCOUNT}token", headers=FLAVOR, timeout=60)
    assert answer.status_code == 405


def test_no_token_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        access, identity = str(world.token()["access_token"]), world.get(f"{PATH}?audience=http://x").text
    assert json.dumps([access, identity])
    assert access not in caplog.text
    assert identity not in caplog.text


@pytest.fixture(scope="module")
def lasting() -> Iterator[World]:
    with serving() as served:
        yield served


WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#?"), max_size=60)


@given(
    st.sampled_from(["GET", "HEAD", "POST", "X"]),
    st.one_of(WORDS, WORDS.map(f"{ACCOUNT[1:]}{{}}".format), WORDS.map(f"{PATH[1:]}?audience={{}}".format)),
    st.dictionaries(
        st.sampled_from(["Metadata-Flavor", "X-Forwarded-For", "Authorization", "Content-Length", "Host"]),
        st.one_of(st.sampled_from(["Google", "0"]), WORDS),
        max_size=4,
    ),
)
@settings(deadline=None)
def test_nothing_that_is_sent_ends_it(lasting: World, method: str, path: str, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection(lasting.address.removeprefix("http://"), timeout=60)
    try:
        connection.putrequest(method, f"/{path}", skip_host="Host" in headers, skip_accept_encoding=True)
        for name, text in headers.items():
            connection.putheader(name, "0" if name == "Content-Length" else text)
        connection.endheaders()
        assert connection.getresponse().status in (200, 400, 403, 404, 405)
    finally:
        connection.close()
    assert lasting.get(f"{ACCOUNT}email").text == EMAIL
