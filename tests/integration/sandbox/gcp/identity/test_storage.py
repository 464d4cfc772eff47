"""Each call on a bucket of the control plane needs a token, and the permissions that Google's documentation names."""

from __future__ import annotations

import json
import logging
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.sandbox.gcp.guard import Guard
from l3kit.sandbox.gcp.identity import Tokens
from tests.conformance.gcs_backend import gcs_server
from tests.support.google_roles import Roles, roles

OWNER, EMAIL = "owner@l3kit-sandbox.example", "mover@l3kit-sandbox.iam.gserviceaccount.com"
BUCKET, OTHER = "twin-cold-0a1b", "twin-archive-0a1b"
OBJECTS = tuple(f"storage.objects.{verb}" for verb in ("create", "delete", "get", "list", "update"))
BUCKETS = tuple(f"storage.buckets.{verb}" for verb in ("create", "delete", "get", "update"))
CREATE, DELETE, GET, LIST, _ = OBJECTS
PLACE = f"projects/_/buckets/{BUCKET}"
PIECE = {"Content-Range": "bytes 0-0/1"}


@dataclass
class World:
    """A server with two buckets of the control plane, an object in each, and the judge that its guard asks."""

    address: str
    judge: Roles
    tokens: Tokens
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, **more: object) -> requests.Response:
        headers = {**self.headers, **dict(more.pop("headers", {}))}  # type: ignore[call-overload]
        return requests.request(method, f"{self.address}{path}", headers=headers, timeout=60, **more)  # type: ignore[arg-type]

    def may(self, *allowed: str, where: str = "projects/") -> None:
        everything = {permission: {"projects/"} for permission in (*OBJECTS, *BUCKETS)}
        self.judge.allowed = {OWNER: everything, EMAIL: {permission: {where} for permission in allowed}}

    def as_(self, email: str) -> World:
        return replace(self, headers={"Authorization": f"Bearer {self.tokens.access_token(email)}"})

    def names(self, bucket: str = BUCKET) -> list[str]:
        found = self.as_(OWNER).ask("GET", f"/storage/v1/b/{bucket}/o").json()
        return [one["name"] for one in found.get("items", [])]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    tokens, judge = Tokens(), roles(OWNER)
    with gcs_server(tmp_path_factory.mktemp("gcs"), guard=Guard(tokens, judge)) as address:
        yield World(address, judge, tokens)


@pytest.fixture
def world(served: World) -> World:
    """The caller has a token and no permission."""
    served.may()
    owner = served.as_(OWNER)
    for bucket in (BUCKET, OTHER):
        owner.ask("POST", "/storage/v1/b?project=p", json={"name": bucket})
        for name in owner.names(bucket):
            owner.ask("DELETE", f"/storage/v1/b/{bucket}/o/{name}")
        put(owner, "there", bucket)
    return served.as_(EMAIL)


def put(world: World, name: str, bucket: str = BUCKET, **query: str) -> requests.Response:
    params = {"uploadType": "media", "name": name, **query}
    return world.ask("POST", f"/upload/storage/v1/b/{bucket}/o", params=params, data=b"x")


def put_in_parts(world: World, name: str) -> requests.Response:
    body = b'--b\r\n\r\n{"name": "%s"}\r\n--b\r\nContent-Type: a/b\r\n\r\nx\r\n--b--' % name.encode()
    headers = {"Content-Type": "multipart/related; boundary=b"}
    return world.ask("POST", f"/upload/storage/v1/b/{BUCKET}/o?uploadType=multipart", data=body, headers=headers)


def begin(world: World, name: str) -> requests.Response:
    path = f"/upload/storage/v1/b/{BUCKET}/o?uploadType=resumable"
    return world.ask("POST", path, json={"name": name})


def copy(world: World, name: str) -> requests.Response:
    return world.ask("POST", f"/storage/v1/b/{OTHER}/o/there/rewriteTo/b/{BUCKET}/o/{name}")


def at(path: str, method: str = "GET", **more: object) -> Callable[[World], requests.Response]:
    return lambda world: world.ask(method, f"/storage/v1/b/{BUCKET}{path}", **more)


Call = Callable[[World], requests.Response]
CALLS: Mapping[str, tuple[Call, Sequence[str]]] = {
    "list": (at("/o"), (LIST,)),
    "list what was deleted": (at("/o?softDeleted=true"), (LIST,)),
    "get": (at("/o/there"), (GET,)),
    "read": (at("/o/there?alt=media"), (GET,)),
    "download": (lambda world: world.ask("GET", f"/download/storage/v1/b/{BUCKET}/o/there?alt=media"), (GET,)),
    "delete": (at("/o/there", "DELETE"), (DELETE,)),
    "put": (lambda world: put(world, "new"), (CREATE,)),
    "put in parts": (lambda world: put_in_parts(world, "new"), (CREATE,)),
    "begin": (lambda world: begin(world, "new"), (CREATE,)),
    "replace": (lambda world: put(world, "there"), (CREATE, DELETE)),
    "replace in parts": (lambda world: put_in_parts(world, "there"), (CREATE, DELETE)),
    "begin to replace": (lambda world: begin(world, "there"), (CREATE, DELETE)),
    "copy": (lambda world: copy(world, "new"), (CREATE, GET)),
    "copy onto another": (lambda world: copy(world, "there"), (CREATE, DELETE, GET)),
    "look at the bucket": (at(""), ("storage.buckets.get",)),
    "change the bucket": (at("", "PATCH", json={"labels": {"a": "b"}}), ("storage.buckets.update",)),
    "delete the bucket": (at("", "DELETE"), ("storage.buckets.delete",)),
    "make a bucket": (
        lambda world: world.ask("POST", "/storage/v1/b?project=p", json={"name": "another"}),
        ("storage.buckets.create",),
    ),
}
TAKEN = [(call, permission) for call, (_, needed) in CALLS.items() for permission in needed]


@pytest.mark.parametrize("call", CALLS)
def test_a_call_is_admitted_with_exactly_its_permissions(world: World, call: str) -> None:
    work, needed = CALLS[call]
    world.may(*needed)
    assert work(world).status_code not in (401, 403)


@pytest.mark.parametrize(("call", "taken"), TAKEN)
def test_without_one_of_them_it_is_refused_and_changes_nothing(world: World, call: str, taken: str) -> None:
    work, _ = CALLS[call]
    world.may(*(permission for permission in (*OBJECTS, *BUCKETS) if permission != taken))
    answer = work(world)
    assert answer.status_code == 403
    assert f"{EMAIL} does not have {taken} access to the Google Cloud Storage" in answer.text
    if answer.headers["Content-Type"].startswith("application/json"):
        error = answer.json()["error"]
        assert (error["code"], error["errors"][0]["reason"]) == (403, "forbidden")
    assert world.names() == ["there"]


@pytest.mark.parametrize("call", CALLS)
def test_without_a_token_nothing_is_admitted(world: World, call: str) -> None:
    world.may(*OBJECTS, *BUCKETS)
    answer = CALLS[call][0](replace(world, headers={}))
    assert answer.status_code == 401
    assert "Anonymous caller does not have storage." in answer.text
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert world.names() == ["there"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("sent", ["Bearer x", "Bearer", "Basic abc", "ya29", "Bearer ya29.AAAA"])
def test_with_what_is_no_token_nothing_is_admitted(world: World, call: str, sent: str) -> None:
    world.may(*OBJECTS, *BUCKETS)
    answer = CALLS[call][0](replace(world, headers={"Authorization": sent}))
    assert (answer.status_code, "Invalid Credentials" in answer.text) == (401, True)


def test_a_permission_on_one_bucket_does_not_open_another(world: World) -> None:
    world.may(*OBJECTS, *BUCKETS, where=f"projects/_/buckets/{OTHER}")
    assert CALLS["get"][0](world).status_code == 403


def test_a_permission_can_end_at_a_folder(world: World) -> None:
    world.may(CREATE, where=f"{PLACE}/objects/pubsub/")
    assert put(world, "pubsub/1").status_code == 200
    assert put_in_parts(world, "pubsub/2").status_code == 200
    assert put(world, "other/1").status_code == 403


def test_the_address_of_an_upload_is_all_that_its_pieces_need(world: World) -> None:
    world.may(CREATE)
    address = begin(world, "new").headers["Location"]
    world.may()
    assert requests.put(address, b"x", headers=PIECE, timeout=60).status_code == 403, "what is put is judged at the end"
    world.may(CREATE)
    address = begin(world, "new").headers["Location"]
    assert requests.put(address, b"x", headers=PIECE, timeout=60).status_code == 200


def test_an_upload_replaces_nothing_that_came_meanwhile(world: World) -> None:
    world.may(CREATE)
    address = begin(world, "new").headers["Location"]
    put(world.as_(OWNER), "new")
    assert requests.put(address, b"y", headers=PIECE, timeout=60).status_code == 403
    assert world.as_(OWNER).ask("GET", f"/storage/v1/b/{BUCKET}/o/new?alt=media").content == b"x"


@pytest.mark.parametrize(("permissions", "status"), [((GET,), 403), ((GET, LIST), 404)])
def test_only_who_may_list_learns_that_an_object_is_missing(
    world: World, permissions: Sequence[str], status: int
) -> None:
    world.may(*permissions)
    answer = world.ask("GET", f"/storage/v1/b/{BUCKET}/o/missing")
    assert answer.status_code == status
    assert (LIST in answer.text) == (status == 403)


def test_a_missing_bucket_is_not_found_whoever_asks(world: World) -> None:
    answer = world.ask("GET", "/storage/v1/b/missing/o")
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "The specified bucket does not exist.")


HEADERS = st.dictionaries(
    st.sampled_from(["Authorization", "authorization", "X-Goog-User-Project", "Cookie", "X-Forwarded-For"]),
    st.one_of(
        st.text(string.printable[:95], max_size=300),
        st.builds("Bearer {}".format, st.text("ya29.AZaz09-_= \xe9", max_size=300)),
        st.builds("{} ya29.x".format, st.text(string.ascii_letters, max_size=20)),
    ).map(str.strip),
    max_size=4,
)


@given(HEADERS)
@settings(deadline=None)
def test_nothing_in_the_headers_ends_the_server_or_opens_it(served: World, sent: Mapping[str, str]) -> None:
    served.may()
    raw = {name: text.encode("latin-1") for name, text in sent.items()}
    answer = requests.get(f"{served.address}/storage/v1/b/{BUCKET}/o", headers=raw, timeout=60)
    assert answer.status_code in (400, 401, 403, 404)


def test_no_token_is_logged_or_answered(world: World, caplog: pytest.LogCaptureFixture) -> None:
    token = world.headers["Authorization"].removeprefix("Bearer ")
    with caplog.at_level(logging.DEBUG):
        answer = CALLS["get"][0](world)
        odd = world.ask("GET", f"/storage/v1/b/{BUCKET}/o", headers={"Authorization": f"Bearer {token}x"})
    assert token not in caplog.text
    assert token not in answer.text + odd.text + json.dumps(dict(answer.headers) | dict(odd.headers))
