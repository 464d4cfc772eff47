from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from l3kit.sandbox.faults.messages import MessageFaults
from l3kit.sandbox.faults.plans import Plan


def delivered(plan: Plan, numbers: Sequence[int]) -> tuple[list[int], list[str], list[str]]:
    """Deliver numbered messages, one after the other. Returns: those that arrived, the results, the killed."""
    arrived: list[int] = []
    killed: list[str] = []
    plans = {"source-of-f": plan}

    async def scene() -> list[str]:
        faults = MessageFaults(plans.get, killed.append)

        async def one(number: int) -> str:
            async def attempt() -> str:
                arrived.append(number)
                return "taken"

            return await faults.deliver("f", f"message {number}", attempt, "failed")

        return [await one(number) for number in numbers]

    return arrived, asyncio.run(scene()), killed


@pytest.mark.parametrize(
    ("plan", "arrived", "results", "killed"),
    [
        ({"action": "watch"}, [1, 2, 3], ["taken"] * 3, []),
        ({"action": "deliver_again", "at": 1, "after": 1}, [1, 2, 1, 3], ["taken"] * 3, []),
        ({"action": "deliver_again", "at": 1, "after": 2}, [1, 2, 3, 1], ["taken"] * 3, []),
        ({"action": "lose_answer", "at": 2}, [1, 2, 3], ["taken", "failed", "taken"], []),
        ({"action": "kill_after", "at": 2}, [1, 2, 3], ["taken", "failed", "taken"], ["f"]),
        ({"action": "error_500", "at": 2, "times": 2}, [1], ["taken", "failed", "failed"], []),
        ({"action": "delay", "milliseconds": 1}, [1, 2, 3], ["taken"] * 3, []),
    ],
)
def test_each_action_does_what_it_says(
    plan: dict[str, Any], arrived: list[int], results: list[str], killed: list[str]
) -> None:
    made = Plan.of({"caller": "source-of-f", **plan})
    assert delivered(made, [1, 2, 3]) == (arrived, results, killed)
    assert made.calls == ["message 1", "message 2", "message 3"]


def test_another_functions_deliveries_are_left_alone() -> None:
    plan = Plan("source-of-g", "error_500", at=1)
    assert delivered(plan, []) == ([], [], [])

    async def scene() -> str:
        async def attempt() -> str:
            return "taken"

        faults = MessageFaults({"source-of-g": plan}.get, lambda function: None)
        return await faults.deliver("f", "m", attempt, "failed")

    assert asyncio.run(scene()) == "taken"


def test_only_calls_that_a_plan_is_about_are_counted_and_hit() -> None:
    plan = Plan.of({"caller": "source-of-f", "action": "error_500", "at": 1, "times": 9, "about": "message 2"})
    assert delivered(plan, [1, 2, 3]) == ([1, 3], ["taken", "failed", "taken"], [])
    assert plan.calls == ["message 2"]
