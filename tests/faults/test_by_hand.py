"""Other hands in mid-run: journal records deleted or altered before each call, a chunk removed after a crash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from l3kit.sandbox.faults.arranged import ArmedFault
from l3kit.tiering.journal_record import from_row
from tests.faults.conftest import MakeWorld
from tests.faults.rewrites import COUNT, MOVE, PATIENT, hold
from tests.faults.sweep import shards
from tests.faults.world import DEVICES, World, counted
from tests.support.accounts import aws_of

pytestmark = pytest.mark.sandbox
Aws = Callable[[str], Any]
RECORD = f"device/{DEVICES[0]}"


class Hand:
    """Somebody with the console, at the device's record."""

    def __init__(self, world: World, aws: Aws) -> None:
        self._client = aws("dynamodb")
        self._world = world
        self._at = {
            "TableName": aws_of(world.session).names(world.twin.name).store("journal"),
            "Key": {"name": {"S": RECORD}},
        }

    def delete(self) -> None:
        self._client.delete_item(**self._at)

    def raise_version(self) -> None:
        self._set("version", {"N": str(self._version() + 5)})

    def flip_state(self) -> None:
        """`writing` for `stored` and the other way round, where there is an entry."""
        record = self._client.get_item(**self._at, ConsistentRead=True).get("Item", {})
        state = record.get("entry_state", {}).get("S")
        if state in ("writing", "stored"):
            self._set("entry_state", {"S": "stored" if state == "writing" else "writing"})

    def _version(self) -> int:
        return int(self._client.get_item(**self._at, ConsistentRead=True)["Item"]["version"]["N"])

    def _set(self, name: str, value: dict[str, str]) -> None:
        self._client.update_item(
            **self._at,
            UpdateExpression="SET #n = :v",
            ExpressionAttributeNames={"#n": name},
            ExpressionAttributeValues={":v": value},
        )


@pytest.mark.slow
@pytest.mark.parametrize("how", ["delete", "raise_version", "flip_state"])
@shards(8)
def test_a_journal_record_that_another_hand_touches_before_any_call_loses_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], aws: Aws, how: str, shard: tuple[int, int]
) -> None:
    """Altered: doubles nothing either. Deleted: at most the chunk under way is stored twice."""
    world = tallied(make_world(**PATIENT))
    hand = Hand(world, aws)
    for at in range(1 + shard[0], len(MOVE.calls(world)) + 1, shard[1]):
        world.clear()
        items = counted(MOVE.prepare(world))

        def touch_and_go_on(armed: ArmedFault) -> None:
            getattr(hand, how)()
            armed.go_on()

        _, calls = hold(world, MOVE, "pause_before", at, touch_and_go_on)
        world.free()
        assert world.run(MOVE.mover)["verdict"] == "complete"
        twice: Counter[str] = world.everywhere() - items if how == "delete" else Counter()
        assert twice <= items, "twice, not more"
        assert twice.total() < COUNT, "one of the two chunks at most"
        world.check(items + twice, f"{how} before call {at} ({calls[at - 1]})")
        assert world.hot_count() == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "state", "still_hot"),
    [(" PUT ", "writing", True), (" stored", "stored", True), (" DELETE", "stored", False)],
)
def test_of_a_chunk_removed_between_crash_and_resume_what_is_still_hot_is_stored_again_and_the_rest_is_told(
    make_world: MakeWorld,
    tallied: Callable[[World], World],
    call: str,
    state: str,
    still_hot: bool,
) -> None:
    """Killed after the first call of the kind. `still_hot`: none of the chunk's items had been deleted."""
    world = tallied(make_world(**PATIENT))
    calls = MOVE.calls(world)
    at = next(number for number, one in enumerate(calls, 1) if call in f"{one} ")
    world.clear()
    items = counted(MOVE.prepare(world))
    armed = world.arm(world.name(MOVE.mover), "kill_after", at)
    world.run(MOVE.mover)
    world.tally.faults += armed.disarm()[1]
    entry = from_row(world.do(world.journal.load(RECORD))).entry
    assert entry is not None
    assert entry.state == state
    world.do(world.cold.delete(str(entry.key)))
    left = world.everywhere()
    assert (left == items) == still_hot
    world.free()
    report = world.run(MOVE.mover)
    world.check(left, f"removed after {calls[at - 1]}")
    assert world.hot_count() == 0
    told = [skipped["reason"] for device in report["devices"] for skipped in device["skipped"]]
    assert (report["verdict"], bool(told)) == (("complete", False) if still_hot else ("partial", True)), report
    assert still_hot or "is no longer in the cold tier" in told[0]
