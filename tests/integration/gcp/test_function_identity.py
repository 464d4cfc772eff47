"""The stores of a function act as its service account, in the sandbox as on Google Cloud."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web

from l3kit.clouds.gcp.data.resumable_upload import PIECE_BYTES
from l3kit.clouds.gcp.data.stores import openers
from l3kit.errors import KeyConflictError, StoreError
from l3kit.sandbox.gcp.account import PROJECT
from l3kit.sandbox.gcp.guard import Guard
from l3kit.sandbox.gcp.identity import Tokens
from l3kit.sandbox.gcp.metadata import MetadataServer
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.settings.tuning import Tuning
from tests.conformance.firestore_backend import running_server
from tests.conformance.gcs_backend import gcs_server
from tests.support.google_roles import Roles
from tests.support.http_in_thread import served_in_thread

EMAIL, MAKER = "mover@l3kit-sandbox.iam.gserviceaccount.com", "maker@l3kit-sandbox.example"
DATABASE = f"projects/{PROJECT}/databases/twin"
BUCKET = "twin-cold-0a1b"
READS = ("datastore.entities.get", "datastore.entities.list", "storage.objects.get", "storage.objects.list")


@dataclass
class World:
    """The servers, and the function `mover` with its account. `asked`: how often it asked for a token."""

    judge: Roles = field(default_factory=lambda: Roles({}))
    now: float = 1_000_000.0
    asked: int = 0
    env: Mapping[str, str] = field(default_factory=dict)

    def may(self, *permissions: str) -> None:
        maker = {"storage.buckets.create": {"projects/"}}
        self.judge.allowed = {MAKER: maker, EMAIL: {permission: {"projects/"} for permission in permissions}}

    async def caller(self, request: web.Request) -> str | None:
        self.asked += 1
        return "mover"

    def opened(self) -> Openers:
        return openers(Tuning(), self.env)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World()
    made.may()
    tokens = Tokens(lambda: made.now)
    guard = Guard(tokens, made.judge)
    metadata = MetadataServer(tokens, made.caller, {"mover": EMAIL}.get)
    with (
        running_server(guard=guard, databases=[DATABASE]) as firestore,
        gcs_server(tmp_path, guard=guard) as storage,
        served_in_thread(metadata.serve) as address,
    ):
        header = {"Authorization": f"Bearer {tokens.access_token(MAKER)}"}
        made_bucket = requests.post(
            f"{storage}/storage/v1/b?project={PROJECT}", json={"name": BUCKET}, headers=header, timeout=60
        )
        assert made_bucket.status_code == 200
        made.env = {
            "K_SERVICE": "mover",
            "K_REVISION": "mover-1",
            "GCE_METADATA_HOST": address.removeprefix("http://"),
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "FIRESTORE_DATABASE": "twin",
            "FIRESTORE_EMULATOR_HOST": firestore,
            "STORAGE_EMULATOR_HOST": storage,
        }
        yield made


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


async def read_all(stores: Openers, times: int = 1) -> None:
    hot, journal, cold = stores.hot("hot"), stores.journal("journal"), stores.objects(BUCKET, "cold")
    try:
        for _ in range(times):
            await asyncio.gather(*(cold.head(f"k{number}") for number in range(8)), hot.last_item("pump"))
            await journal.load("pump")
    finally:
        await hot.close()
        await journal.close()
        await cold.close()


def test_all_its_stores_share_one_token(world: World) -> None:
    world.may(*READS)
    stores = world.opened()
    run(read_all(stores, times=3))
    run(read_all(stores))
    assert world.asked == 1
    assert {email for email, _, _ in world.judge.asked} >= {EMAIL}


def test_a_permission_that_it_lacks_is_told_with_the_remedy(world: World) -> None:
    world.may("storage.objects.get", "storage.objects.list")
    with pytest.raises(StoreError, match=r"PERMISSION_DENIED Missing or insufficient permissions.*run deploy_l3"):
        run(read_all(world.opened()))
    world.may("datastore.entities.get", "datastore.entities.list")
    with pytest.raises(StoreError, match=rf"{EMAIL} does not have storage.objects.get access.*run deploy_l3"):
        run(read_all(world.opened()))


def test_a_missing_database_is_not_taken_for_a_missing_document(world: World) -> None:
    world.may(*READS)
    world.env = {**world.env, "FIRESTORE_DATABASE": "gone"}

    async def load() -> None:
        journal = world.opened().journal("journal")
        try:
            await journal.load("pump")
        finally:
            await journal.close()

    with pytest.raises(StoreError, match=f"The database gone does not exist for project {PROJECT}.*run deploy_l3"):
        run(load())


def test_a_token_that_expires_early_is_refused_and_replaced(world: World) -> None:
    """By the service's clock, which runs an hour ahead of what the function was told."""
    world.may(*READS)
    stores = world.opened()

    async def later() -> None:
        hot, cold = stores.hot("hot"), stores.objects(BUCKET, "cold")
        try:
            await hot.last_item("pump")
            world.now += 3_601
            await hot.last_item("pump")
            assert world.asked == 2
            world.now += 3_601
            assert await cold.head("k") is None
            assert world.asked == 3
        finally:
            await hot.close()
            await cold.close()

    run(later())


def test_who_may_only_create_finds_a_key_taken_whether_or_not_its_content_is_the_same(world: World) -> None:
    world.may("storage.objects.create", "storage.objects.get")
    body, large = b"[1]", bytes(PIECE_BYTES + 1)

    async def twice(content: bytes, key: str) -> None:
        digest = {"sha256": hashlib.sha256(content).hexdigest()}
        other = content[:-1] + b"9"
        cold = world.opened().objects(BUCKET, "cold")
        try:
            for _ in range(2):
                assert (await cold.create(key, content, **digest)).size == len(content)
            with pytest.raises(KeyConflictError):
                await cold.create(key, other, sha256=hashlib.sha256(other).hexdigest())
            assert await cold.read(key) == content
        finally:
            await cold.close()

    run(twice(body, "a/b"))
    run(twice(large, "c/d"))


def test_outside_of_a_function_an_emulator_is_asked_without_a_token(world: World) -> None:
    world.env = {name: text for name, text in world.env.items() if not name.startswith(("K_", "GCE_"))}
    with pytest.raises(StoreError, match="log in again"):
        run(read_all(world.opened()))
    assert world.asked == 0


def test_no_token_is_logged_or_shown(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(StoreError) as refusal:
        run(read_all(world.opened()))
    assert "ya29" not in caplog.text + str(refusal.value) + repr(refusal.value)
    assert not any("ya29" in text for text in os.environ.values())
