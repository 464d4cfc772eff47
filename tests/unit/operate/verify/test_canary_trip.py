"""The canary's trip on clouds in memory: it arrives, is told where it stopped, touches nothing and leaves nothing."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from l3kit.clouds.ports.checks import Check
from l3kit.errors import L3Error, StoreError
from l3kit.operate.verify.canary import Canary
from l3kit.operate.verify.way_in import WayIn
from l3kit.tiering.format.canary import token_of
from l3kit.tiering.format.chunks import CANARY_DEVICE, object_key
from l3kit.tiering.ports import Refused
from tests.support.canary_clouds import CanaryWorld, broken
from tests.support.chain import NOW, ChainWorld, reading
from tests.support.letter_clouds import put
from tests.support.moving import Instead, refusing

CLOUDS = ("aws", "azure", "gcp")
TIERS = ["hot tier", "hot-to-cold-mover", "cold tier"]
OLD = Canary.new(0, NOW - timedelta(hours=1))


@pytest.fixture
def world() -> CanaryWorld:
    return CanaryWorld(ChainWorld("aws", "azure", "gcp"))


def failed(checks: Sequence[Check]) -> list[tuple[str, str]]:
    return [(check.subject, check.seen) for check in checks if not check.passed]


def the_failed(checks: Sequence[Check]) -> Check:
    (check,) = [check for check in checks if not check.passed]
    return check


@pytest.mark.parametrize("clouds", [*itertools.product(CLOUDS[:2], repeat=3)], ids="-".join)
def test_a_canary_passes_every_function_and_leaves_all_as_it_was(clouds: tuple[str, str, str]) -> None:
    world = CanaryWorld(ChainWorld(*clouds))
    l1, l2, hot = clouds
    world.chain.deliver(reading(1), reading(2))
    before = world.chain.stored()
    trip = world.trip()
    checks = trip.checks()
    assert failed(checks) == []
    assert [check.seen for check in checks if check.group == "canary"] == ["moved", "equal", "gone"]
    functions = [
        ("dispatcher", l1),
        *([("connector", l1), ("ingestion", l2)] if l1 != l2 else []),
        ("default-processor", l2),
        ("persister", l2),
        *([("writer", hot)] if l2 != hot else []),
    ]
    places = [(one.place, one.cloud) for one in trip.way]
    assert places == [("published", l1), *functions, *((tier, hot) for tier in TIERS)]
    assert [check.subject for check in checks[1:-4]] == [name for name, _ in functions]
    assert world.left() == []
    assert world.chain.stored() == before
    assert world.hot_cloud.cold.objects == {}


def test_events_and_the_journal_of_runs_do_not_see_a_canary() -> None:
    event = {"condition": "p.d.canary != STRING(x)", "action": {"type": "function", "functionName": "alarm"}}
    world = CanaryWorld(ChainWorld(events=[event]))
    world.chain.deliver(reading(1, canary="y"))
    assert len(world.chain.called) == 1
    assert failed(world.trip().checks()) == []
    assert len(world.chain.called) == 1
    assert sorted(asyncio.run(world.hot_cloud.journal.names())) == [f"device/{CANARY_DEVICE}"]


def test_a_dispatcher_that_is_gone_is_named_with_the_remedy(world: CanaryWorld) -> None:
    world.clouds["aws"].gone.add("dispatcher")
    check = the_failed(world.trip().checks())
    assert (check.subject, check.hint) == ("hot tier", "dispatcher is not deployed. Run deploy_l3 first")
    assert check.seen == "not there within 60 s: it stops at the dispatcher"
    assert world.left() == []


def test_a_receiver_that_refuses_the_sender_is_found_from_the_end_of_the_way(world: CanaryWorld) -> None:
    world.chain.deaf.add("ingestion")
    trip = world.trip()
    check = the_failed(trip.checks())
    assert check.seen.endswith("it stops at the connector")
    assert "403" in check.hint
    assert [one.place for one in trip.way] == ["published"]
    assert world.left() == []


def test_a_hot_store_that_fails_is_found_at_the_last_function(world: CanaryWorld) -> None:
    store = world.chain.hot
    world.chain.hot = refusing(store, "create_items", StoreError("table", "is not there", "Run deploy_l3"))
    check = the_failed(world.trip().checks())
    assert check.seen.endswith("it stops at the persister")
    assert check.hint
    assert world.left() == []


def test_the_reason_of_a_dead_letter_is_the_hint_and_its_trace_the_way(world: CanaryWorld) -> None:
    world.chain.hot = full(world.chain.hot)
    trip = world.trip()
    check = the_failed(trip.checks())
    assert check.seen == "set aside by the writer on gcp: refused-by-store"
    assert check.hint == "the store is full"
    functions = ["dispatcher", "connector", "ingestion", "default-processor", "persister", "writer"]
    assert [one.place for one in trip.way] == ["published", *functions]
    assert world.left() == []


def test_a_source_that_does_not_deliver_is_told_from_functions_that_work(world: CanaryWorld) -> None:
    world.way_in = WayIn("published over MQTT", False, lambda message: None)
    check = the_failed(world.trip().checks())
    assert check.seen.endswith("the dispatcher did not take it, but works when it is called")
    assert "Run deploy_l3" in check.hint
    assert world.left() == []


def test_the_cloud_s_own_record_of_a_canary_is_the_hint_and_is_removed(world: CanaryWorld) -> None:
    store = world.chain.letter_stores["aws"]

    def give_up(message: bytes) -> None:
        record = {"device": CANARY_DEVICE, "payloads": []}
        put(store, "source/1", json.dumps(record).encode())

    put(store, "source/2", json.dumps({"device": "sensor-1", "payloads": []}).encode())
    world.way_in = WayIn("published over MQTT", False, give_up)
    check = the_failed(world.trip().checks())
    assert check.hint.startswith("was not taken. Run deploy_l3")
    assert list(store.objects) == ["source/2"]


def test_a_broker_that_takes_no_message_is_the_only_failure(world: CanaryWorld) -> None:
    def refuse(message: bytes) -> None:
        raise L3Error("MQTT broker", "cannot be reached", "Check that it runs")

    world.way_in = WayIn("published over MQTT", False, refuse)
    checks = world.trip().checks()
    assert failed(checks) == [("layer 1", "cannot be reached")]
    assert checks[0].hint == "MQTT broker cannot be reached. Check that it runs"


def test_what_former_canaries_left_is_removed_and_nothing_else(world: CanaryWorld) -> None:
    leave_behind(world)
    world.chain.deliver(b"not json")
    assert len(world.left()) == 3
    assert failed(world.trip().checks()) == []
    assert world.left() == []
    assert [letter.problem for letter in world.chain.letters()] == ["not-json"]


def leave_behind(world: CanaryWorld) -> None:
    """Leave a canary in the hot tier, one in the cold tier and one among the dead letters."""
    store = world.chain.hot
    world.chain.hot = full(store)
    world.chain.deliver(OLD.message)
    world.chain.hot = store
    world.chain.deliver(OLD.message)
    put(world.hot_cloud.cold, object_key(CANARY_DEVICE, "2025-01-01", "2025-01-01", 7), b"[]")


def full(store: Any) -> Any:
    """The store, which takes no item any more."""

    async def refuse(create: Any, items: Sequence[bytes]) -> list[Refused]:
        return [Refused("the store is full") for _ in items]

    return Instead(store, "create_items", refuse)


def test_an_interrupt_removes_the_canary_first(world: CanaryWorld) -> None:
    world.hot_cloud.mover_error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        world.trip().checks()
    assert world.left() == []


def test_a_mover_that_fails_fails_the_check_and_the_canary_is_removed(world: CanaryWorld) -> None:
    world.hot_cloud.mover_error = broken("hot-to-cold-mover")
    check = the_failed(world.trip().checks())
    assert (check.group, check.seen) == ("canary", "failed: no memory")
    assert world.left() == []


def test_a_mover_of_a_version_without_canaries_moves_nothing(world: CanaryWorld) -> None:
    world.chain.deliver(reading(1))
    before = world.chain.stored()
    world.hot_cloud.knows_canaries = False
    checks = world.trip().checks()
    assert [seen for _, seen in failed(checks)] == ["not moved", "different", "still there"]
    assert "deploy_l3" in checks[-1].hint
    assert world.chain.stored() == before
    assert world.left() == []


def test_a_canary_that_cannot_be_removed_is_told_beside_what_failed(world: CanaryWorld) -> None:
    world.hot_cloud.mover_error = broken("hot-to-cold-mover")
    error = StoreError("table", "refuses to delete", "Ask for dynamodb:PartiQLDelete")
    world.chain.hot = refusing(world.chain.hot, "delete_page", error)
    checks = world.trip().checks()
    assert [seen for _, seen in failed(checks)] == ["failed: no memory", "refuses to delete"]
    assert "PartiQLDelete" in checks[-1].hint
    assert len(world.left()) == 1


def test_a_twin_without_a_chain_has_its_canary_put_into_the_hot_tier() -> None:
    world = CanaryWorld(ChainWorld(), has_chain=False)
    trip = world.trip()
    checks = trip.checks()
    assert [(check.group, check.seen) for check in checks] == [("canary", one) for one in ("moved", "equal", "gone")]
    assert [one.place for one in trip.way] == TIERS
    assert trip.notes == []
    assert world.left() == []


def test_a_way_over_a_cloud_that_is_not_reached_is_not_looked_at_and_told(world: CanaryWorld) -> None:
    world.unreached = {"azure"}
    trip = world.trip()
    assert {check.group for check in trip.checks()} == {"canary"}
    assert trip.notes == [
        "The canary's way through the message chain could not be looked at, since this session does not reach azure."
    ]


@pytest.mark.parametrize(
    ("clouds", "groups"), [(["gcp"], {"canary"}), (["aws"], set()), (["aws", "azure", "gcp"], {"message", "canary"})]
)
def test_only_the_clouds_asked_for_are_used(world: CanaryWorld, clouds: list[str], groups: set[str]) -> None:
    trip = world.trip(*clouds)
    assert {check.group for check in trip.checks()} == groups
    assert trip.notes == []


def test_another_canary_is_not_taken_for_this_one(world: CanaryWorld) -> None:
    stranger = Canary.new(0, NOW)

    def deliver_another(message: bytes) -> None:
        world.chain.deliver(stranger.message)

    world.way_in = WayIn("published over MQTT", False, deliver_another)
    assert "the dispatcher did not take it" in the_failed(world.trip().checks()).seen
    assert token_of(stranger.message) == stranger.token != OLD.token


def test_the_letter_of_another_canary_is_not_taken_for_this_one_s(world: CanaryWorld) -> None:
    stranger, store = Canary.new(0, NOW), world.chain.hot

    def set_another_aside(message: bytes) -> None:
        world.chain.hot = full(store)
        world.chain.deliver(stranger.message)
        world.chain.hot = store

    world.way_in = WayIn("published over MQTT", False, set_another_aside)
    assert "the dispatcher did not take it" in the_failed(world.trip().checks()).seen
    assert world.left() == ["letter refused-by-store"]
