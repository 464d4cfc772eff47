"""One action of a role taken away in mid-run, right before a call: nothing is lost, and the report says which."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from l3kit.sandbox.faults.arranged import ArmedFault
from tests.faults.conftest import MakeWorld
from tests.faults.prepared import few, few_chunks
from tests.faults.rewrites import PATIENT, hold
from tests.faults.sweep import Setting, finish
from tests.faults.world import World, counted
from tests.support.role_trials import Role, Trial, trials_of

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
Aws = Callable[[str], Any]
REMEDY = "run deploy_l3"
SAMPLE = pytest.mark.parametrize("shard", [(0, 24)], ids=["0of24"])
"""Every 24th pair of a call and an action."""


def take_each(world: World, setting: Setting, aws: Aws, shard: tuple[int, int]) -> None:
    """Every action before every call, for this shard's share."""
    role = Role(aws("iam"), role_of(aws, setting.disturbed(world)))
    trials = [trial for trial in trials_of(role.policy()) if trial.sid != "Logs"]
    pairs = [(at, trial) for at in range(1, len(setting.calls(world)) + 1) for trial in trials]
    missed = sum([take(world, setting, role, *pair) for pair in pairs[shard[0] :: shard[1]]])
    assert missed or shard[0], "none of the sample was needed"


def role_of(aws: Aws, function: str) -> str:
    return str(aws("lambda").get_function_configuration(FunctionName=function)["Role"].rpartition("/")[2])


def take(world: World, setting: Setting, role: Role, at: int, trial: Trial) -> bool:
    """Take it away before a call, let the run end, give it back, run again. Returns: whether it was missed."""
    world.clear()
    items = setting.prepare(world)
    with ExitStack() as stack:

        def take_away(armed: ArmedFault) -> None:
            stack.enter_context(role.lacking(trial))
            armed.go_on()

        report, calls = hold(world, setting, "pause_before", at, take_away)
    what = f"{setting.disturbed(world)} without {trial} from call {at} on ({calls[at - 1]})"
    assert counted(items) <= world.everywhere(), f"{what}: lost; what is copied and not yet deleted may be there twice"
    missed = report.get("verdict") != "complete"
    if missed:
        told = json.dumps(report)
        assert REMEDY in told, f"{what}: {told}"
        assert trial.action in told or "head returned 403" in told, f"{what}: {told}"
    finish(world, setting, what, items)
    return missed


@SAMPLE
def test_a_permission_taken_from_the_hot_to_cold_mover_in_mid_run_loses_and_doubles_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], aws: Aws, shard: tuple[int, int]
) -> None:
    take_each(tallied(make_world(**PATIENT)), Setting("hot-to-cold-mover", few), aws, shard)


@SAMPLE
def test_a_permission_taken_from_the_cold_to_archive_mover_in_mid_run_loses_and_doubles_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], aws: Aws, shard: tuple[int, int]
) -> None:
    take_each(tallied(make_world(**PATIENT)), Setting("cold-to-archive-mover", few_chunks), aws, shard)
