"""The canary's trip on clouds in memory: it arrives, is told where it stopped, touches nothing and leaves nothing."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta

import pytest

from l3kit.errors import StoreError
from l3kit.operate.verify.canary import Canary
from l3kit.operate.verify.way_in import WayIn
from l3kit.tiering.format.canary import token_of
from l3kit.tiering.format.chunks import CANARY_DEVICE, object_key
from tests.support.canary_clouds import CanaryWorld, broken
from tests.support.chain import NOW, ChainWorld, reading
from tests.support.letter_clouds import put
from tests.support.moving import refusing
from tests.unit.operate.verify.failed_checks import failed, full, the_failed

CLOUDS = ("aws", "azure", "gcp")
TIERS = ["hot tier", "hot-to-cold-mover", "cold tier"]
OLD = Canary.new(0, NOW - timedelta(hours=1))


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
        "The canary's way through the message chain could not be checked, since this session does not reach azure."
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
