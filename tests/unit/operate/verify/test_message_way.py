"""The way of a message through the chain: the function where it stopped is named with the remedy."""

from __future__ import annotations

from l3kit.errors import L3Error, StoreError
from l3kit.operate.verify.way_in import WayIn
from tests.support.canary_clouds import CanaryWorld
from tests.support.moving import refusing
from tests.unit.operate.verify.failed_checks import failed, the_failed


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


def test_a_source_that_does_not_deliver_is_told_from_functions_that_work(world: CanaryWorld) -> None:
    world.way_in = WayIn("published over MQTT", False, lambda message: None)
    check = the_failed(world.trip().checks())
    assert check.seen.endswith("the dispatcher did not take it, but works when it is called")
    assert "Run deploy_l3" in check.hint
    assert world.left() == []


def test_a_broker_that_takes_no_message_is_the_only_failure(world: CanaryWorld) -> None:
    def refuse(message: bytes) -> None:
        raise L3Error("MQTT broker", "cannot be reached", "Check that it runs")

    world.way_in = WayIn("published over MQTT", False, refuse)
    checks = world.trip().checks()
    assert failed(checks) == [("layer 1", "cannot be reached")]
    assert checks[0].hint == "MQTT broker cannot be reached. Check that it runs"
