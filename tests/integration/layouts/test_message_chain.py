"""Layers 1 and 2 over several clouds: deployed through the ports, a message crosses both links."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from l3kit.deploy import apply, plan, plan_destroy
from l3kit.operate.verify.links import link_checks
from l3kit.sandbox.messages.client import wait_until_delivered
from l3kit.session import Session
from tests.integration.aws.conftest import MakeTwin

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


@pytest.mark.parametrize(("chain", "hot"), [(("azure", "gcp"), "aws"), (("gcp", "azure"), "gcp")], ids=str)
def test_a_message_crosses_the_clouds_of_its_layers_and_a_second_plan_changes_nothing(
    clouds: Session, make_twin: MakeTwin, aws: Callable[[str], Any], chain: tuple[str, str], hot: str
) -> None:
    twin = make_twin(hot, hot, hot, chain=chain)
    apply(plan(twin, clouds), clouds)
    assert plan(twin, clouds).changes == ()
    assert [check for check in link_checks(clouds, twin) if not check.passed] == []
    item = b'{"iotDeviceId":"pump-1","id":"2026-01-01T00:00:00Z","v":1.50}'
    aws("iot-data").publish(topic=f"{twin.name}/pump-1/telemetry", payload=item)  # the sandbox has one broker
    assert wait_until_delivered(str(clouds.sandbox_endpoint), 120)
    cloud = clouds.cloud(hot)
    assert cloud is not None

    async def last() -> bytes | None:
        store = cloud.hot_store(twin)
        try:
            return await store.last_item("pump-1")
        finally:
            await store.close()

    found = asyncio.run(last())
    assert found is not None
    assert b'"v":1.5' in found.replace(b" ", b"")
    apply(plan_destroy(twin, clouds, data=True), clouds)
    assert plan_destroy(twin, clouds, data=True).steps == ()
