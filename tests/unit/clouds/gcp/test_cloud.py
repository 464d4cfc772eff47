"""Google Cloud as a session reaches it: a twin's stores in its own database, with the session's credentials."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from google.auth.credentials import Credentials

from l3kit.clouds.gcp.cloud import GcpCloud
from l3kit.clouds.gcp.data.firestore_stores import FirestorePlace, open_hot
from l3kit.clouds.gcp.session import GcpSession
from l3kit.operate.coroutines import run
from l3kit.twin.config import Twin
from tests.conformance.firestore_backend import running_server
from tests.conformance.gcs_backend import gcs_server, unchanged_client
from tests.support.twins import twin_on

ITEM = b'{"id":"2026-01-01T00:00:00Z","iotDeviceId":"pump-1"}'


class Given(Credentials):  # type: ignore[misc]
    """Credentials that are good for an hour, and count how often they are asked."""

    renewals = 0

    def refresh(self, request: object) -> None:
        self.renewals += 1
        self.token, self.expiry = "good", datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1)


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    return twin_on(tmp_path, "gcp", "gcp", "gcp")


def cloud(credentials: Credentials | None = None, **endpoints: str | None) -> GcpCloud:
    none: Any = None
    places = {"storage_endpoint": None, "firestore_endpoint": None, **endpoints}
    return GcpCloud(
        GcpSession(
            "plant-7",
            "europe-west1",
            functions=none,
            messages=none,
            control=none,
            credentials=credentials or none,
            **places,
        )
    )


def test_deployments_are_told_apart_by_project_and_region() -> None:
    assert cloud().account == "plant-7-europe-west1"


def test_items_are_in_the_twins_database_and_written_with_the_sessions_credentials(twin: Twin) -> None:
    given = Given()
    with running_server(databases=["projects/plant-7/databases/l3kit-plant"]) as address:
        here = cloud(given, firestore_endpoint=address)

        async def steps() -> bytes | None:
            store = here.hot_store(twin)
            await store.put_items("pump-1", [ITEM])
            await store.close()
            other = open_hot(here.store_name(twin, "hot"), FirestorePlace("plant-7", "l3kit-plant", address))
            try:
                return await other.last_item("pump-1")
            finally:
                await other.close()

        assert run(steps()) == ITEM
    assert given.renewals == 1


def test_objects_are_read_with_the_sessions_credentials(twin: Twin, tmp_path: Path) -> None:
    seen: list[str | None] = []

    @web.middleware
    async def note(request: web.Request, handler: Any) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization"))
        answer: web.StreamResponse = await handler(request)
        return answer

    with gcs_server(tmp_path / "gcs", [note]) as address:
        here = cloud(Given(), storage_endpoint=address)
        unchanged_client(address).create_bucket(here.store_name(twin, "cold"))

        async def steps() -> None:
            store = here.object_store(twin, "cold")
            try:
                assert await store.head("none") is None
            finally:
                await store.close()

        run(steps())
    assert seen == [None, "Bearer good"]


def test_a_collection_to_copy_is_in_the_projects_default_database(twin: Twin) -> None:
    apart = cloud()
    name = apart.store_name(twin, "hot")
    facts = run(apart.source_table(twin, name).facts())
    assert facts.identity == f"projects/plant-7/databases/(default)/documents/{name}"
