"""A request that comes to a function while it is redeployed is served by one of the two deployments."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from l3kit.sandbox.functions.deployment import Deployment
from l3kit.sandbox.functions.front import started
from l3kit.sandbox.functions.instance import Instance, StartError


class Standing:
    """Stands for an instance that starts at once."""

    def __init__(self) -> None:
        self.alive = True
        self.timers: dict[str, str] = {}

    async def start(self) -> None:
        return None


def deployment(instance: Standing) -> Deployment:
    return Deployment(cast(Any, None), lambda record: cast(Instance, instance), lambda folder: None)


def test_a_request_to_a_retired_deployment_goes_to_its_successor() -> None:
    old, new = deployment(Standing()), Standing()
    old.retire()
    assert asyncio.run(started(old, lambda: deployment(new))) is cast(Any, new)


@pytest.mark.parametrize("deleted", [True, False])
def test_a_retired_deployment_without_a_successor_does_not_start(deleted: bool) -> None:
    old = deployment(Standing())
    old.retire()
    with pytest.raises(StartError, match="redeployed"):
        asyncio.run(started(old, lambda: None if deleted else old))
