"""Each call on a database of the control plane needs a token, and the permissions that Google's documentation names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import grpc
import pytest
from google.api_core.exceptions import GoogleAPICallError, NotFound, PermissionDenied, Unauthenticated
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.sandbox.gcp.firestore import permissions
from l3kit.sandbox.gcp.guard import Guard
from l3kit.sandbox.gcp.identity import Tokens
from tests.conformance.firestore_backend import running_server
from tests.support.google_roles import Roles, roles

EMAIL = "mover@l3kit-sandbox.iam.gserviceaccount.com"
DATABASE, OTHER = "projects/p/databases/twin", "projects/p/databases/other"
GET, LIST, CREATE, UPDATE, DELETE = (
    f"datastore.entities.{verb}" for verb in ("get", "list", "create", "update", "delete")
)
ALL = (GET, LIST, CREATE, UPDATE, DELETE)
Call = Callable[["World"], object]


@dataclass
class World:
    """A server with two databases of the control plane, and the judge that its guard asks."""

    client: FirestoreClient
    judge: Roles
    tokens: Tokens
    authorization: str | None = None

    @property
    def metadata(self) -> list[tuple[str, str]]:
        return [("authorization", self.authorization)] if self.authorization else []

    def __call__(self, method: str, **request: Any) -> Any:
        answer = getattr(self.client, method)(request, retry=None, timeout=30, metadata=self.metadata)
        return list(answer) if method in ("run_query", "batch_get_documents", "list_documents") else answer

    def may(self, *allowed: str, where: str = DATABASE) -> None:
        self.judge.allowed = {EMAIL: {permission: {where} for permission in allowed}}


@pytest.fixture(scope="module")
def served() -> Iterator[World]:
    tokens, judge = Tokens(), roles(EMAIL)
    with running_server(guard=Guard(tokens, judge), databases=[DATABASE, OTHER]) as address:
        channel = grpc.insecure_channel(address)
        yield World(FirestoreClient(transport=FirestoreGrpcTransport(channel=channel)), judge, tokens)
        channel.close()


@pytest.fixture
def world(served: World) -> World:
    """A document `c/there` is in the database; the caller has a token and no permission."""
    made = replace(served, authorization=f"Bearer {served.tokens.access_token(EMAIL)}")
    made.may(*ALL)
    made("commit", database=DATABASE, writes=[update("there")])
    made.may()
    return made


def name(document: str) -> str:
    return f"{DATABASE}/documents/c/{document}"


def update(document: str, **condition: object) -> dict[str, Any]:
    write: dict[str, Any] = {"update": {"name": name(document), "fields": {}}}
    return {**write, "current_document": condition} if condition else write


def commit(*writes: Mapping[str, Any]) -> Call:
    return lambda world: world("commit", database=DATABASE, writes=writes)


def batch(*writes: Mapping[str, Any]) -> Call:
    return lambda world: world("batch_write", database=DATABASE, writes=writes)


def listed(world: World) -> object:
    return world("list_documents", parent=f"{DATABASE}/documents", collection_id="c")


def queried(world: World) -> object:
    query = {"from_": [{"collection_id": "c"}]}
    return world("run_query", parent=f"{DATABASE}/documents", structured_query=query)


CALLS: Mapping[str, tuple[Call, Sequence[str]]] = {
    "get": (lambda world: world("get_document", name=name("there")), (GET,)),
    "batch get": (lambda world: world("batch_get_documents", database=DATABASE, documents=[name("there")]), (GET,)),
    "list": (listed, (GET, LIST)),
    "query": (queried, (GET, LIST)),
    "create": (commit(update("new", exists=False), {"delete": name("new")}), (CREATE, DELETE)),
    "change": (commit(update("there", exists=True)), (UPDATE,)),
    "put": (commit(update("there")), (CREATE, UPDATE)),
    "delete": (commit({"delete": name("gone")}), (DELETE,)),
    "batch create": (batch(update("there", exists=False)), (CREATE,)),
    "batch change": (batch(update("there", update_time={"seconds": 1})), (UPDATE,)),
    "batch put": (batch(update("there")), (CREATE, UPDATE)),
    "batch delete": (batch({"delete": name("gone")}), (DELETE,)),
}
TAKEN = [(call, permission) for call, (_, needed) in CALLS.items() for permission in needed]


@pytest.mark.parametrize("call", CALLS)
def test_a_call_is_admitted_with_exactly_its_permissions(world: World, call: str) -> None:
    work, needed = CALLS[call]
    world.may(*needed)
    work(world)


@pytest.mark.parametrize(("call", "taken"), TAKEN)
def test_without_one_of_them_it_is_refused_and_changes_nothing(world: World, call: str, taken: str) -> None:
    work, _ = CALLS[call]
    world.may(*(permission for permission in ALL if permission != taken))
    with pytest.raises(PermissionDenied) as refusal:
        work(world)
    assert refusal.value.message == permissions.DENIED
    world.may(*ALL)
    assert [document.name for document in listed(world)] == [name("there")]  # type: ignore[attr-defined]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("authorization", "words"),
    [(None, permissions.MISSING), ("Bearer owner", permissions.UNUSABLE), ("Bearer x", permissions.UNUSABLE)],
)
def test_without_a_usable_token_nothing_is_admitted(
    world: World, call: str, authorization: str | None, words: str
) -> None:
    world.may(*ALL)
    world.authorization = authorization
    with pytest.raises(Unauthenticated) as refusal:
        CALLS[call][0](world)
    assert refusal.value.message == words


def test_a_permission_on_one_database_does_not_open_another(world: World) -> None:
    world.may(*ALL, where=OTHER)
    with pytest.raises(PermissionDenied):
        CALLS["get"][0](world)


def test_a_database_that_nobody_made_is_not_found_in_firestores_words(world: World) -> None:
    world.may(*ALL, where="projects/p/databases/gone")
    with pytest.raises(NotFound, match="The database gone does not exist for project p Please visit https"):
        world("get_document", name="projects/p/databases/gone/documents/c/there")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["authorization", "user-agent", "x-goog-request-params", "google-cloud-resource-prefix"]),
            st.one_of(
                st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200),
                st.builds("Bearer {}".format, st.text("ya29.AZaz09-_= ", max_size=200)),
            ),
        ),
        max_size=6,
    )
)
@settings(deadline=None)
def test_nothing_in_the_metadata_ends_the_server_or_opens_it(served: World, sent: list[tuple[str, str]]) -> None:
    with pytest.raises(GoogleAPICallError):
        served.client.get_document({"name": name("there")}, retry=None, timeout=30, metadata=sent)


def test_no_token_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(PermissionDenied):
        CALLS["get"][0](world)
    assert world.authorization is not None
    assert world.authorization.removeprefix("Bearer ") not in caplog.text
