"""A twin on Google Cloud of which somebody deleted a part, or whose layout became another: the next apply mends it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from l3kit.deploy.plan import Step
from tests.support.google_twin import GoogleTwin
from tests.support.twins import twin_on

SHARDS = 12
"""Tests that the resources are divided among; the first of them is in `make test`."""


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[GoogleTwin]:
    made = GoogleTwin(tmp_path, chain=True)
    made.deploy()
    yield made
    made.close()


@pytest.mark.parametrize(
    "shard", [pytest.param(n, id=f"{n}of{SHARDS}", marks=[pytest.mark.slow] * (n > 0)) for n in range(SHARDS)]
)
def test_what_was_deleted_by_hand_is_made_again(twin: GoogleTwin, shard: int) -> None:
    wanted = twin.inventory()
    steps: list[Step] = [step for step in twin.plan().steps if step.kind != "APIs of project"]
    for step in steps[shard::SHARDS]:
        step.resource.delete()
        assert (step.kind, step.name) in [(one.kind, one.name) for one in twin.plan().changes]
        twin.deploy()
        assert twin.plan().changes == (), step
        assert twin.inventory() == wanted, step


def test_a_chain_that_the_twin_no_longer_has_goes_with_its_accounts_roles_and_permissions(
    twin: GoogleTwin, tmp_path: Path
) -> None:
    letters = twin.cloud.place.names("plant").store("letters")
    (tmp_path / "plain").mkdir()
    plain = GoogleTwin(tmp_path / "plain")
    plain.deploy()
    wanted = dict(plain.inventory())
    plain.close()
    twin.twin = twin_on(tmp_path, "gcp", "gcp", "gcp")
    done = [(step.action, step.kind) for step in twin.deploy().done]
    assert done.index(("delete", "function")) < done.index(("delete", "permissions"))
    assert done.index(("delete", "permissions")) < done.index(("delete", "service account"))
    found = dict(twin.inventory())
    assert found.pop(f"members of {letters}") == []
    assert letters in found["buckets"]  # it holds data
    found["buckets"] = [name for name in found["buckets"] if name != letters]
    assert found == wanted
    assert twin.plan().changes == ()
    twin.destroy()
    assert not any(twin.inventory().values())
