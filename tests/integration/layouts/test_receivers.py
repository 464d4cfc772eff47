"""Ingestion and writer on each cloud: requests as docs/reference/openapi.yaml says, and a sender that has only it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import schemathesis
from hypothesis import settings

from l3kit.deploy import apply, plan
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, saved_links
from tests.integration.layouts.writers import PROVIDERS, sender
from tests.support.accounts import aws_of
from tests.support.foreign_sender import ForeignSender
from tests.support.message_requests import LENIENT
from tests.support.operators import root_of
from tests.support.protocol_requests import DRAWN, SCHEMA, Endpoint, repeatable, send

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]  # `test_documented_requests` has entry points alone in `make test`
INGESTION, WRITER = "/ingestion", "/writer"
Twins = Mapping[str, Twin]


@pytest.fixture(scope="module", params=PROVIDERS)
def cloud(request: pytest.FixtureRequest) -> str:
    """Where the receivers are; their senders would be on the next cloud."""
    name: str = request.param
    return name


def deployed(cloud: str, clouds: Session, make_twin: MakeTwin, **config: object) -> Twins:
    """A twin with an ingestion on this cloud, and one with a writer."""
    other = sender(cloud)
    chains = {INGESTION: (other, cloud), WRITER: (other, other)}
    twins = {path: make_twin(*[cloud] * 3, ["EWR", "JFK"], chain, **config) for path, chain in chains.items()}
    for twin in twins.values():
        apply(plan(twin, clouds, clouds={cloud}), clouds)
    return twins


def endpoints(cloud: str, clouds: Session, twins: Twins) -> Mapping[str, Endpoint]:
    other = sender(cloud)
    links = {INGESTION: f"{other}_l1_to_{cloud}_l2", WRITER: f"{other}_l2_to_{cloud}_l3hot"}
    return {
        path: Endpoint(SCHEMA[path]["POST"], saved_links(clouds, twins[path])[link]) for path, link in links.items()
    }


@pytest.fixture(scope="module")
def receivers(cloud: str, clouds: Session, make_twin: MakeTwin) -> Mapping[str, Endpoint]:
    """Receivers that take whatever the document allows."""
    return endpoints(cloud, clouds, deployed(cloud, clouds, make_twin, **LENIENT))


@SCHEMA.include(path=[INGESTION, WRITER]).parametrize()
@settings(repeatable, max_examples=10)
def test_drawn_messages_are_taken_or_refused_as_documented(
    case: schemathesis.Case, receivers: Mapping[str, Endpoint]
) -> None:
    send(case, receivers[case.operation.path])


@DRAWN.include(path=[INGESTION, WRITER]).parametrize()
@settings(repeatable, max_examples=200)
def test_very_many_drawn_messages_are_taken_or_refused_as_documented(
    case: schemathesis.Case, receivers: Mapping[str, Endpoint]
) -> None:
    send(case, receivers[case.operation.path])


def test_what_is_too_large_is_413(receivers: Mapping[str, Endpoint]) -> None:
    for receiver in receivers.values():
        assert receiver.post(b" " * 17_000_000)[0] == 413


def test_a_sender_with_nothing_but_the_document_gets_its_answers_to_the_letter(
    cloud: str, clouds: Session, make_twin: MakeTwin
) -> None:
    twins = deployed(cloud, clouds, make_twin, time_digits=3)
    for path, receiver in endpoints(cloud, clouds, twins).items():
        foreign = ForeignSender(path, receiver.connection.url, receiver.connection.token)
        for example in foreign.examples:
            answer = receiver.checked(foreign.send(example.request))
            assert (answer.status_code, answer.json()) == (example.status, example.answer), (path, example.name)
        if cloud == "aws":
            check_throttled(clouds, twins[path], foreign)


def check_throttled(clouds: Session, twin: Twin, foreign: ForeignSender) -> None:
    """A 429 is of the cloud's own."""
    client = aws_of(root_of(clouds)).client("lambda")
    name = aws_of(clouds).names(twin.name).function(foreign.path.removeprefix("/"))
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        assert foreign.send({}).status_code == 429
    finally:
        client.delete_function_concurrency(FunctionName=name)
