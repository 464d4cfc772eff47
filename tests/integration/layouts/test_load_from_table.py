"""`load --from-table` from a Cosmos DB container and a Firestore collection of other keys."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from azure.cosmos import PartitionKey

from l3kit.clouds.azure.control.calls import cosmos_client
from l3kit.clouds.gcp.control.apis import Apis
from l3kit.clouds.gcp.control.databases import Database
from l3kit.clouds.gcp.control.place import Place
from l3kit.clouds.ports.source_table import SourceItem
from l3kit.errors import ConfigurationError, StoreError
from l3kit.operate.load.loading import load
from l3kit.sandbox import SandboxState, ensure_up
from l3kit.session import Session, sandbox_session
from l3kit.tiering.format.time_ranges import MAX_SORT_KEY
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin
from tests.support.accounts import azure_of, gcp_of
from tests.support.google_clients import documents_client
from tests.support.google_functions import make

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
FIRST = 1_780_216_200_000
DEVICES = ["pump-1", "pump-2"]


@pytest.fixture
def session(cloud: str, sandbox: SandboxState) -> Session:
    return sandbox_session(ensure_up(sandbox.home, clouds=(cloud,)))


@pytest.fixture
def twin(cloud: str, session: Session, tmp_path: Path) -> Twin:
    """A twin of which only the hot store is there."""
    (tmp_path / "twin").mkdir()
    write_twin(tmp_path / "twin", f"adopts-{cloud}", cloud, cloud, cloud, DEVICES, time_digits=3)
    twin = Twin.load(tmp_path / "twin")
    if cloud == "azure":
        names = azure_of(session).names(twin.name)
        database = cosmos_client(azure_of(session)).create_database_if_not_exists(names.database())
        database.create_container_if_not_exists(names.store("hot"), PartitionKey("/iotDeviceId"))
    else:
        google = gcp_of(session)
        place, names = Place(google.control, google.project, google.region, google.patience), google.names(twin.name)
        make(Apis(place))
        make(Database(place, names.database(), twin.name, names.store("journal"), False))
    return twin


def fill(cloud: str, session: Session, twin: Twin, items: list[dict[str, Any]]) -> str:
    """Put items into a store of another program. Returns: its name."""
    if cloud == "azure":
        database = cosmos_client(azure_of(session)).create_database_if_not_exists("elsewhere")
        container = database.create_container_if_not_exists("readings", PartitionKey("/sensor"))
        for n, item in enumerate(items):
            container.upsert_item({"id": f"u{n}", **item})
        return "elsewhere/readings"
    client = documents_client(gcp_of(session))
    for n, item in enumerate(items):
        client.collection("plants/one/readings").document(f"u{n}").set(item)
    return "plants/one/readings"


def hot(cloud: str, session: Session, twin: Twin) -> dict[str, list[Any]]:
    async def read() -> dict[str, list[Any]]:
        store = session.clouds[cloud].hot_store(twin)
        pages = {device: await store.read_page(device, before=MAX_SORT_KEY) for device in DEVICES}
        await store.close()
        return {device: [json.loads(item) for item in page.items] for device, page in pages.items()}

    return asyncio.run(read())


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_items_of_another_program_are_copied_in_their_types_and_its_store_is_only_read(
    cloud: str, session: Session, twin: Twin, tmp_path: Path
) -> None:
    odd = {"deep": {"a": [1.5, {"b": None}]}, "ok": True, "text": "ü", "big": 2**53 - 1}
    items = [{"sensor": DEVICES[n % 2], "ts": FIRST + n, "v": n + 0.25, **odd} for n in range(30)]
    items += [{"sensor": "stranger", "ts": FIRST}, {"sensor": "pump-1", "ts": 7}]
    name = fill(cloud, session, twin, items)
    options: Any = {"from_table": name, "out": tmp_path, "rate": 7.0, "drop": ["id"]}
    planned = load(session, twin, [], {**options, "dry_run": True})
    assert (planned.total("created"), planned.total("bad")) == (30, 2)
    assert "whole" in str(planned)
    report = load(session, twin, [], options)
    assert (report.total("created"), dict(report.files[0].problems)) == (30, {"unknown-device": 1, "bad-time": 1})
    found = hot(cloud, session, twin)
    assert [len(found[device]) for device in DEVICES] == [15, 15]
    assert found["pump-1"][0] == {"iotDeviceId": "pump-1", "id": "2026-05-31T08:30:00.000Z", "v": 0.25, **odd}
    assert load(session, twin, [], options).total("same") == 30


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_pages_have_each_item_once_and_go_on_from_a_place_of_another_process(
    cloud: str, session: Session, twin: Twin
) -> None:
    name = fill(cloud, session, twin, [{"sensor": "pump-1", "ts": FIRST + n} for n in range(40)])

    async def read() -> list[SourceItem]:
        found: list[SourceItem] = []
        place: str | None = None
        while True:
            source = session.clouds[cloud].source_table(twin, name)
            reading = source.reading(await source.facts(), "sensor")
            page = await reading.read(reading.parts[0], place, 7)
            await source.close()
            found += page.items
            assert len(page.items) <= 7
            if (place := page.next) is None:
                return found

    keys = [item.key for item in asyncio.run(read())]
    assert len(keys) == len(set(keys)) >= 40


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_what_cannot_be_copied_is_refused_with_the_remedy(
    cloud: str, session: Session, twin: Twin, tmp_path: Path
) -> None:
    own = session.clouds[cloud].store_name(twin, "hot")
    wrong = {"azure": ("nothing", "nowhere/nothing"), "gcp": ("nothing", "nothing/at")}[cloud]
    causes = ("is not there|has no items|is not the path", "has no items|Check the name|is not the path")
    # On Google Cloud the twin's own collections are in a database of its own, where no source is looked for.
    own_cause = {"azure": "is the twin's own hot", "gcp": "has no items"}[cloud]
    for name, cause in ((own, own_cause), *zip(wrong, causes, strict=True)):
        with pytest.raises((ConfigurationError, StoreError), match=cause):
            load(session, twin, [], {"from_table": name, "out": tmp_path})
