"""Movers and readers on Google Cloud do their work with exactly the permissions that apply gives, and with no fewer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from aiohttp import web
from google.oauth2.credentials import Credentials as OwnerCredentials

from l3kit.clouds.gcp.control.function_grants import PERMISSIONS, Grant, grants_of, held
from l3kit.clouds.gcp.data.firestore_stores import FirestorePlace, open_hot, open_journal
from l3kit.clouds.gcp.data.object_store import STORAGE_CLASSES
from l3kit.clouds.gcp.data.stores import openers
from l3kit.clouds.gcp.data.variables import VARIABLES
from l3kit.clouds.gcp.names import GcpNames
from l3kit.clouds.shared.environment import environment
from l3kit.errors import L3Error
from l3kit.sandbox.gcp.account import PROJECT, REGION
from l3kit.sandbox.gcp.control.conditions import Resource, holds
from l3kit.sandbox.gcp.guard import Guard
from l3kit.sandbox.gcp.identity import Tokens
from l3kit.sandbox.gcp.metadata import MetadataServer
from l3kit.tiering.ports import ObjectInfo
from l3kit.tiering.runtime.functions import Function, Run
from l3kit.tiering.settings.loading import load_settings
from l3kit.tiering.settings.tuning import Tuning
from l3kit.twin.config import Twin
from l3kit.twin.layout import Layout
from tests.conformance.firestore_backend import running_server
from tests.conformance.gcs_backend import gcs_server
from tests.support.deployed import links_of
from tests.support.http_in_thread import served_in_thread
from tests.support.twins import twin_on

NOW = "2036-01-01T00:00:00+00:00"
"""The items are old enough for every tier."""
MAKER = "maker@l3kit-sandbox.example"
NAMES = GcpNames("plant", PROJECT, REGION)
MOVERS = ("hot-to-cold-mover", "cold-to-archive-mover")
READERS = ("hot-reader", "hot-reader-last-entry")


@dataclass
class GrantJudge:
    """`Judge` by the table: an account has what its function's grants say, under their conditions.

    Attributes:
        without: the one grant that a trial takes away, with its function.
    """

    twin: Twin
    without: tuple[str, Grant] | None = None
    used: set[tuple[str, Grant, str]] = field(default_factory=set)

    def refusal(self, email: str | None, permission: str, resource: str) -> str | None:
        if email == MAKER:
            return None
        for function in (*MOVERS, *READERS):
            if email == NAMES.email(function):
                for grant in self._grants(function):
                    if permission in PERMISSIONS[grant.purpose] and _covers(grant, resource):
                        self.used.add((function, grant, permission))
                        return None
        return f"{email} does not have {permission} access to {resource}."

    def _grants(self, function: str) -> Collection[Grant]:
        return [one for one in grants_of(function, self.twin.layout) if (function, one) != self.without]


def _covers(grant: Grant, resource: str) -> bool:
    if grant.on != "database" and not f"{resource}/".startswith(f"projects/_/buckets/{NAMES.store(grant.on)}/"):
        return False
    condition = held(grant, NAMES).condition
    return not condition or holds(condition, Resource(resource, "", ""), 0.0)


@dataclass
class World:
    """The servers, and a twin whose functions run in this process, each as its own account."""

    judge: GrantJudge
    env: dict[str, str]
    token: str
    caller: str = ""

    def function(self, name: str) -> Function:
        self.caller = name
        twin = self.judge.twin
        more = {"GOOGLE_CLOUD_PROJECT": PROJECT, "FIRESTORE_DATABASE": NAMES.database()}
        more["FUNCTION_TIMEOUT_SECONDS"] = "600"
        given, _ = environment(twin, links_of(twin), "gcp", name, NAMES.store, str, more)
        env: Mapping[str, str] = {**given, **self.env}
        return Function(load_settings(name, env, cloud=VARIABLES, root=Path()), openers(Tuning(), env))

    async def put(self, device: str, *days: int) -> None:
        """Put an item of each of these days, as the owner of everything."""
        place = FirestorePlace(PROJECT, NAMES.database(), self.env["FIRESTORE_EMULATOR_HOST"])
        hot = open_hot(NAMES.store("hot"), replace(place, credentials=lambda: OwnerCredentials(self.token)))
        try:
            items = [{"iotDeviceId": device, "id": f"2026-01-{day:02d}T00:00:00Z"} for day in days]
            await hot.put_items(device, [json.dumps(item, sort_keys=True).encode() for item in items])
        finally:
            await hot.close()

    async def forget(self) -> None:
        """Lose all records of the journal, so that the next run looks where it stood."""
        place = FirestorePlace(PROJECT, NAMES.database(), self.env["FIRESTORE_EMULATOR_HOST"])
        journal = open_journal(NAMES.store("journal"), replace(place, credentials=lambda: OwnerCredentials(self.token)))
        try:
            for name in await journal.names():
                row = await journal.load(name)
                assert row is not None
                await journal.remove(name, row.version)
        finally:
            await journal.close()

    async def move(self, mover: str) -> list[str]:
        """Run a mover. Returns: its problems."""
        try:
            report = await self.function(mover).move(Run(NOW, "trial", lambda: 600.0))
        except L3Error as error:
            return [str(error)]
        return [] if report.verdict == "complete" else [f"{mover}: {report.verdict}"]

    async def job(self, device: str) -> list[str]:
        """Move items down to the archive, twice, the second time without a journal; then read."""
        problems = []
        for days in ((1, 2), (3,)):
            await self.put(device, *days)
            await self.forget()
            for mover in MOVERS:
                problems += await self.move(mover)
        await self.put(device, 4)
        for reader in READERS:
            try:
                await self.function(reader).read({"iot_device_id": device})
            except L3Error as error:
                problems.append(str(error))
        return problems


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    tokens = Tokens()
    made = World(GrantJudge(twin_on(tmp_path, "gcp", "gcp", "gcp")), {}, tokens.access_token(MAKER))

    async def caller(request: web.Request) -> str | None:
        return made.caller

    guard = Guard(tokens, made.judge)
    metadata = MetadataServer(tokens, caller, NAMES.email)
    database = f"projects/{PROJECT}/databases/{NAMES.database()}"
    with (
        running_server(guard=guard, databases=[database]) as firestore,
        gcs_server(tmp_path / "gcs", guard=guard) as storage,
        served_in_thread(metadata.serve) as address,
    ):
        for tier in ("cold", "archive"):
            body = {"name": NAMES.store(tier), "storageClass": STORAGE_CLASSES[tier]}
            header = {"Authorization": f"Bearer {made.token}"}
            answer = requests.post(f"{storage}/storage/v1/b?project={PROJECT}", json=body, headers=header, timeout=60)
            assert answer.status_code == 200, answer.text
        made.env |= {
            "K_SERVICE": "mover",
            "GCE_METADATA_HOST": address.removeprefix("http://"),
            "FIRESTORE_EMULATOR_HOST": firestore,
            "STORAGE_EMULATOR_HOST": storage,
        }
        yield made


GRANTS = [(function, grant) for function in (*MOVERS, *READERS) for grant in grants_of(function, Layout(*["gcp"] * 3))]
RARE = {
    ("hot-to-cold-mover", Grant("cold", "object_reader")),
    ("cold-to-archive-mover", Grant("archive", "object_lister")),
}
"""The one is for chunks that a killed run has left; the other lets Cloud Storage say 404 instead of 403."""


def test_each_function_does_its_work_with_exactly_its_roles_and_uses_each(world: World) -> None:
    assert asyncio.run(world.job("pump-1")) == []
    assert {(function, grant) for function, grant, _ in world.judge.used} == {*GRANTS} - RARE


@pytest.mark.parametrize(("function", "grant"), [one for one in GRANTS if one not in RARE], ids=str)
def test_any_role_taken_away_is_missed(world: World, function: str, grant: Grant) -> None:
    assert asyncio.run(world.job("pump-1")) == []
    world.judge.without = (function, grant)
    assert asyncio.run(world.job("pump-2")) != []


async def copied_in_vain(world: World, key: str) -> str:
    """Copy a cold object into the archive that another run has removed since it was listed. Returns: the error."""
    world.caller = "cold-to-archive-mover"
    stores = openers(Tuning(), {**world.env, "GOOGLE_CLOUD_PROJECT": PROJECT})
    cold, archive = stores.objects(NAMES.store("cold"), "cold"), stores.objects(NAMES.store("archive"), "archive")
    try:
        with pytest.raises(L3Error) as caught:
            await archive.copy_from(cold, ObjectInfo(key, 1, datetime.now(UTC), "1"))
        return str(caught.value)
    finally:
        await cold.close()
        await archive.close()


@pytest.mark.parametrize(("lacking", "said"), [(False, "changed before it was copied"), (True, "storage.objects.list")])
def test_only_who_may_list_the_archive_is_told_that_nothing_was_copied(world: World, lacking: bool, said: str) -> None:
    if lacking:
        world.judge.without = ("cold-to-archive-mover", Grant("archive", "object_lister"))
    assert said in asyncio.run(copied_in_vain(world, "pump-1/gone.json"))
