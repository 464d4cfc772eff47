"""Each mover does its job with exactly its roles, and without any one of their permissions it does not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flask
import pytest
import requests
from aiohttp import web

from l3kit.clouds.gcp.control.function_grants import PERMISSIONS, grants_of
from l3kit.clouds.gcp.data.entry import SCHEDULED, build
from l3kit.clouds.gcp.data.stores import openers
from l3kit.sandbox.gcp.guard import Guard
from l3kit.sandbox.gcp.identity import Tokens
from l3kit.sandbox.gcp.metadata import MetadataServer
from l3kit.tiering.movers.cold_to_archive import REPORT_PREFIX
from l3kit.tiering.settings.tuning import Tuning
from l3kit.twin.layout import Layout
from tests.conformance.firestore_backend import running_server
from tests.conformance.gcs_backend import gcs_server
from tests.support.google_roles import Roles
from tests.support.http_in_thread import served_in_thread
from tests.unit.lambda_functions.test_start_up import CODE, env_of

PROJECT, DATABASE = "the-google_cloud_project", "the-firestore_database"
BUCKETS = {"cold": "the-cold_gcs_bucket_name", "archive": "the-archive_gcs_bucket_name"}
HERE = Layout("gcp", "gcp", "gcp")
LAYERS = {f"layer_{layer}_provider": "gcp" for layer in ("1", "2", "3_hot", "3_cold", "3_archive")}
MAKER = "maker@l3kit-sandbox.example"
ITEMS = [{"iotDeviceId": "sensor-1", "id": f"202{year}-01-01T00:00:00Z"} for year in range(3)]
MOVERS = ("hot-to-cold-mover", "cold-to-archive-mover")
Allowed = Mapping[str, set[str]]


def places_of(on: str, only: tuple[str, ...]) -> set[str]:
    """Return the beginnings of the resources on which a grant holds."""
    if on == "database":
        return {f"projects/{PROJECT}/databases/{DATABASE}"}
    bucket = f"projects/_/buckets/{BUCKETS[on]}"
    return {f"{bucket}/objects/{prefix}" for prefix in only} or {bucket}


def role_of(function: str) -> dict[str, set[str]]:
    """Return what a function may do, by permission the places."""
    found: dict[str, set[str]] = {}
    for grant in grants_of(function, HERE):
        for permission in PERMISSIONS[grant.purpose]:
            found.setdefault(permission, set()).update(places_of(grant.on, grant.only))
    return found


def without(allowed: Allowed, permission: str, place: str) -> Allowed:
    return {one: places - {place} if one == permission else places for one, places in allowed.items()}


@dataclass
class World:
    """The servers, on which every function is an account of its own name."""

    judge: Roles = field(default_factory=lambda: Roles({}))
    caller: str = MAKER
    endpoints: Mapping[str, str] = field(default_factory=dict)

    async def who(self, request: web.Request) -> str:
        return self.caller

    def env(self, function: str) -> dict[str, str]:
        self.caller = function
        env = env_of("gcp", function)
        info = {**json.loads(env["DIGITAL_TWIN_INFO"]), "config_providers": LAYERS}
        revision = {"K_SERVICE": function, "K_REVISION": f"{function}-1"}
        return {**env, **self.endpoints, **revision, "DIGITAL_TWIN_INFO": json.dumps(info)}

    def run(self, function: str, allowed: Allowed) -> str:
        """Run a function that may do this. Returns: the verdict of its report; the status if there is none."""
        self.judge.allowed = {**self.judge.allowed, function: allowed}
        handler = build(function, CODE / "gcp" / function, self.env(function))
        headers = {SCHEDULED: "2026-01-01T00:00:00Z"}
        with flask.Flask("roles").test_request_context("/", method="POST", headers=headers, data="{}"):
            answer = handler(flask.request)
        report: dict[str, Any] = json.loads(answer.get_data())
        return str(report.get("verdict", answer.status_code))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A twin whose hot tier has three items, all of them due."""
    made = World()
    everything = {f"storage.buckets.{verb}": {"projects/"} for verb in ("create", "get")}
    everything |= {f"datastore.entities.{verb}": {"projects/"} for verb in ("create", "get", "list", "update")}
    made.judge.allowed = {MAKER: everything}
    tokens = Tokens()
    guard = Guard(tokens, made.judge)
    metadata = MetadataServer(tokens, made.who, lambda function: function)
    databases = [f"projects/{PROJECT}/databases/{DATABASE}"]
    with (
        running_server(guard=guard, databases=databases) as firestore,
        gcs_server(tmp_path, guard=guard) as storage,
        served_in_thread(metadata.serve) as address,
    ):
        made.endpoints = {
            "GCE_METADATA_HOST": address.removeprefix("http://"),
            "FIRESTORE_EMULATOR_HOST": firestore,
            "STORAGE_EMULATOR_HOST": storage,
        }
        header = {"Authorization": f"Bearer {tokens.access_token(MAKER)}"}
        for bucket in BUCKETS.values():
            url = f"{storage}/storage/v1/b?project={PROJECT}"
            assert requests.post(url, json={"name": bucket}, headers=header, timeout=60).status_code == 200
        env = made.env("hot-to-cold-mover")
        made.caller = MAKER
        hot = openers(Tuning(), env).hot(env["FIRESTORE_COLLECTION_NAME"])
        asyncio.run(hot.put_items("sensor-1", [json.dumps(item, sort_keys=True).encode() for item in ITEMS]))
        yield made


def prepared(world: World, function: str) -> None:
    """Bring the items to where a mover takes them."""
    for before in MOVERS[: MOVERS.index(function)]:
        assert world.run(before, role_of(before)) == "complete"


@pytest.mark.parametrize("function", MOVERS)
def test_a_mover_does_its_job_with_its_roles(world: World, function: str) -> None:
    prepared(world, function)
    assert world.run(function, role_of(function)) == "complete"
    asked = {(permission, resource) for email, permission, resource in world.judge.asked if email == function}
    assert {permission for permission, _ in asked} <= set(role_of(function))


TAKEN = [
    (function, permission, place)
    for function in MOVERS
    for permission, places in sorted(role_of(function).items())
    for place in sorted(places)
]
COLD, ARCHIVE = (f"projects/_/buckets/{BUCKETS[tier]}" for tier in ("cold", "archive"))
REPORTS = f"{COLD}/objects/{REPORT_PREFIX}"
AT_TIMES: Mapping[tuple[str, str, str], str] = {
    (MOVERS[0], "storage.objects.get", COLD): "a chunk is there already",
    (MOVERS[0], "storage.objects.list", ARCHIVE): "chunks are looked for in the archive",
    (MOVERS[1], "storage.objects.list", ARCHIVE): "chunks are looked for in the archive",
    (MOVERS[1], "storage.objects.create", REPORTS): "never: a report that cannot be kept is a warning",
}
"""Permissions that a run of new items does not miss, and when another one does."""


@pytest.mark.parametrize(("function", "permission", "place"), TAKEN)
def test_without_one_of_them_it_says_so_and_finishes_once_it_is_back(
    world: World, function: str, permission: str, place: str
) -> None:
    prepared(world, function)
    verdict = world.run(function, without(role_of(function), permission, place))
    assert (verdict == "complete") == ((function, permission, place) in AT_TIMES)
    if permission != "datastore.entities.update":  # without which a run cannot end its lease before its time
        assert world.run(function, role_of(function)) == "complete"
