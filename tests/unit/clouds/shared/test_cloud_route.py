"""A route behind a message source as a resource."""

from __future__ import annotations

import pytest

from l3kit.clouds.ports.message_source import Route
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.clouds.shared.cloud_route import CloudRoute
from tests.support.memory_messages import MemoryMessages

ROUTE = Route("plant", "plant/+/telemetry", "plant-dispatcher", "plant-dead-letters")


def test_a_route_is_made_compared_mended_and_removed() -> None:
    source = MemoryMessages()
    route = CloudRoute(source, "r", ROUTE)
    assert not route.compare().exists
    route.create()
    assert route.compare().differences == ()
    source.update("r", Route("plant", "#", "another", ""))
    source.fail("r", "it is switched off")
    assert route.compare().differences == (
        "it takes the messages of #, not of plant/+/telemetry",
        "it delivers to another, not to plant-dispatcher",
        "undelivered messages go to nowhere, not to plant-dead-letters",
        "it is switched off",
    )
    route.update()
    assert route.compare().differences == ()
    route.delete()
    route.delete()
    assert not route.compare().exists


def test_a_route_of_another_twin_is_not_ours_and_is_not_replaced() -> None:
    source = MemoryMessages()
    CloudRoute(source, "r", Route("other", "#", "f")).create()
    route = CloudRoute(source, "r", ROUTE)
    assert not route.compare().owned
    with pytest.raises(AlreadyThereError):
        route.create()
    assert source.routes["r"].route.function == "f"
