"""A canary among the dead letters: its letter is the reason, and no other canary's is taken for it."""

from __future__ import annotations

import json

from l3kit.operate.verify.canary import Canary
from l3kit.operate.verify.way_in import WayIn
from l3kit.tiering.format.chunks import CANARY_DEVICE
from tests.support.canary_clouds import CanaryWorld
from tests.support.chain import NOW
from tests.support.letter_clouds import put
from tests.unit.operate.verify.failed_checks import full, the_failed


def test_the_reason_of_a_dead_letter_is_the_hint_and_its_trace_the_way(world: CanaryWorld) -> None:
    world.chain.hot = full(world.chain.hot)
    trip = world.trip()
    check = the_failed(trip.checks())
    assert check.seen == "set aside by the writer on gcp: refused-by-store"
    assert check.hint == "the store is full"
    functions = ["dispatcher", "connector", "ingestion", "default-processor", "persister", "writer"]
    assert [one.place for one in trip.way] == ["published", *functions]
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


def test_the_letter_of_another_canary_is_not_taken_for_this_one_s(world: CanaryWorld) -> None:
    stranger, store = Canary.new(0, NOW), world.chain.hot

    def set_another_aside(message: bytes) -> None:
        world.chain.hot = full(store)
        world.chain.deliver(stranger.message)
        world.chain.hot = store

    world.way_in = WayIn("published over MQTT", False, set_another_aside)
    assert "the dispatcher did not take it" in the_failed(world.trip().checks()).seen
    assert world.left() == ["letter refused-by-store"]
