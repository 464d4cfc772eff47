"""A message chain that the control plane deployed on Google Cloud: each function with its own account and roles."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from l3kit.deploy import apply, plan, plan_destroy
from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.part import open_cloud as open_aws
from l3kit.sandbox.messages.client import wait_until_delivered
from l3kit.session import sandbox_session
from tests.support.live_google import live_session
from tests.support.twins import twin_on

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
T = TypeVar("T")
GOOD, BAD = b'{"iotDeviceId":"pump-1","id":"2026-01-01T00:00:00Z","v":1.50}', b"no message"


def test_a_message_is_stored_and_one_that_is_none_becomes_a_letter(
    all_clouds: SandboxState, aws: Callable[[str], Any], tmp_path: Path
) -> None:
    twin = twin_on(tmp_path, "gcp", "gcp", "gcp", chain=("gcp", "gcp"))
    session = live_session(all_clouds)
    apply(plan(twin, session), session)
    for payload in (GOOD, BAD):
        aws("iot-data").publish(topic=f"{twin.name}/pump-1/telemetry", payload=payload)  # the sandbox has one broker
    assert wait_until_delivered(all_clouds.gateway, 120)
    cloud = session.clouds["gcp"]
    stored = used(cloud.hot_store(twin), lambda store: store.last_item("pump-1")) or b""
    assert b'"v":1.5' in stored.replace(b" ", b"")
    names = used(cloud.object_store(twin, "letters"), listed)
    assert len(names) == 1
    assert not names[0].startswith("pubsub/"), "the dispatcher's own letter, not what Pub/Sub gave up"
    apply(plan_destroy(twin, session, data=True), session)
    assert plan_destroy(twin, session, data=True).changes == ()


def used(store: Any, ask: Callable[[Any], Awaitable[T]]) -> T:
    async def once() -> T:
        try:
            return await ask(store)
        finally:
            await store.close()

    return asyncio.run(once())


async def listed(store: Any) -> list[str]:
    return [info.key async for info in store.list()]


def test_a_writer_that_everybody_may_call_takes_chunks_from_another_cloud(
    all_clouds: SandboxState, tmp_path: Path
) -> None:
    twin = twin_on(tmp_path, "aws", "gcp", "gcp")
    clouds = {"aws": open_aws(all_clouds), **live_session(all_clouds).clouds}
    session = replace(sandbox_session(all_clouds), clouds=clouds)  # real accounts have no links on loopback
    apply(plan(twin, session), session)
    assert plan(twin, session).changes == ()
    item = {"iotDeviceId": "pump-1", "id": "2020-01-01T00:00:00Z"}
    used(clouds["aws"].hot_store(twin), lambda store: store.put_items("pump-1", [json.dumps(item).encode()]))
    report = clouds["aws"].invoke(twin, "hot-to-cold-mover", {})
    assert report["verdict"] == "complete", report
    assert [key for key in used(clouds["gcp"].object_store(twin, "cold"), listed) if key.startswith("pump-1/")]
    apply(plan_destroy(twin, session, data=True), session)
    assert plan_destroy(twin, session, data=True).changes == ()
