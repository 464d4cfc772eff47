"""A twin's messages on Pub/Sub: pushed to the dispatcher, and stored where it did not take them."""

from __future__ import annotations

import pytest

from l3kit.clouds.gcp.control.buckets import Bucket
from l3kit.clouds.gcp.control.functions import CloudRunFunctions
from l3kit.clouds.gcp.control.place import PUBSUB
from l3kit.clouds.gcp.control.topics import PubSub
from l3kit.clouds.ports.function_host import Definition
from l3kit.clouds.ports.message_source import DeployedRoute, Route
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.errors import ProvisioningError
from tests.support.control_plane import PROJECT, Cloud
from tests.unit.clouds.gcp.control.conftest import make_accounts

NAME, DISPATCHER = "plant-telemetry", "plant-dispatcher"


@pytest.fixture
def route(cloud: Cloud) -> Route:
    make_accounts(cloud, "dispatcher")
    letters = cloud.place.names("plant").store("letters")
    Bucket(cloud.place, letters, "plant", "STANDARD").create()
    definition = Definition("3.13", {}, "plant", 60, memory_mb=512, identity=DISPATCHER, callers=("plant-invoker",))
    CloudRunFunctions(cloud.place).create(DISPATCHER, definition, b"zip")
    return Route("plant", "plant/+/telemetry", DISPATCHER, letters)


def test_a_route_is_as_it_was_made_and_an_update_then_changes_nothing(cloud: Cloud, route: Route) -> None:
    source = PubSub(cloud.place)
    assert source.get(NAME) is None
    source.create(NAME, route)
    assert source.get(NAME) == DeployedRoute(NAME, "active", route)
    cloud.http.forget()
    source.update(NAME, route)
    assert [one for one in cloud.http.changes if not one.startswith("PUT ")] == []


def test_messages_are_pushed_to_the_dispatcher_as_the_account_that_may_call_it(cloud: Cloud, route: Route) -> None:
    PubSub(cloud.place).create(NAME, route)
    push = cloud.effects.pushes[NAME]
    assert push.account == cloud.place.email("plant-invoker")
    assert push.url == f"{CloudRunFunctions(cloud.place).address(DISPATCHER)}/"
    assert (push.letters, push.attempts) == (route.letters, 5)


def test_a_route_that_is_there_is_left_and_deleting_it_twice_is_no_error(cloud: Cloud, route: Route) -> None:
    source = PubSub(cloud.place)
    source.create(NAME, route)
    with pytest.raises(AlreadyThereError):
        source.create(NAME, route)
    source.delete(NAME)
    source.delete(NAME)
    for kind in ("topics", "subscriptions"):
        assert cloud.control.get(PUBSUB, f"v1/projects/{PROJECT}/{kind}").get(kind, []) == []


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("subscriptions", NAME, "its subscription is missing"),
        ("subscriptions", "plant-undelivered", "undelivered"),
        ("topics", "plant-undelivered", "Pub/Sub may not keep what was not delivered"),
    ],
)
def test_what_was_deleted_by_hand_is_told_and_made_again(
    cloud: Cloud, route: Route, kind: str, name: str, words: str
) -> None:
    source = PubSub(cloud.place)
    source.create(NAME, route)
    cloud.control.delete(PUBSUB, f"v1/projects/{PROJECT}/{kind}/{name}")
    there = source.get(NAME)
    assert there is not None
    assert there.state != "active" or there.route != route, words
    source.update(NAME, route)
    assert source.get(NAME) == DeployedRoute(NAME, "active", route)


def test_a_route_whose_function_was_deleted_by_hand_is_told_and_deleted(cloud: Cloud, route: Route) -> None:
    source = PubSub(cloud.place)
    source.create(NAME, route)
    CloudRunFunctions(cloud.place).delete(DISPATCHER)
    there = source.get(NAME)
    assert there is not None
    assert there.state == "its function is not deployed"
    source.delete(NAME)
    assert source.get(NAME) is None


def test_a_route_to_a_function_that_is_not_deployed_is_refused(cloud: Cloud, route: Route) -> None:
    with pytest.raises(ProvisioningError, match="function plant-none: is not deployed yet"):
        PubSub(cloud.place).create(NAME, Route("plant", route.topics, "plant-none", route.letters))
