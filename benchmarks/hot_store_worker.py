"""The measured process of `benchmarks.hot_stores`: moves the items of one store into files with one method."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.dataset import CUTOFF, device_ids
from benchmarks.run_mover import peak_kb


def naive_cosmos(where: dict[str, Any], folder: Path) -> int:
    """The naive mover with azure-cosmos."""
    from azure.cosmos import CosmosClient

    from benchmarks.hot_stores import DATABASE
    from l3kit.sandbox.azure.account import COSMOS_KEY

    client = CosmosClient(where["endpoints"]["cosmos"], COSMOS_KEY, enable_endpoint_discovery=False)
    container = client.get_database_client(DATABASE).get_container_client(where["name"])
    moved = 0
    for device in device_ids(where["devices"]):
        items = list(
            container.query_items(
                "SELECT * FROM c WHERE c.iotDeviceId = @d AND c.id < @b ORDER BY c.id",
                parameters=[{"name": "@d", "value": device}, {"name": "@b", "value": CUTOFF.isoformat()}],
                partition_key=device,
            )
        )
        (folder / f"{device}.json").write_text(json.dumps(items, default=str))
        for item in items:
            container.delete_item(item["id"], partition_key=device)
        moved += len(items)
    return moved


def naive_firestore(where: dict[str, Any], folder: Path) -> int:
    """The naive mover with google-cloud-firestore."""
    import os

    from google.cloud import firestore

    from l3kit.sandbox.gcp.account import PROJECT

    os.environ["FIRESTORE_EMULATOR_HOST"] = where["endpoints"]["firestore"]
    client = firestore.Client(project=PROJECT)
    if token := where.get("token"):  # beside an emulator the client sends no credentials of its own
        client._rpc_metadata_internal = [("authorization", f"Bearer {token}")]
    moved = 0
    for device in device_ids(where["devices"]):
        collection = client.collection(where["name"]).document(device).collection("items")
        documents = list(collection.stream())
        items = [document.to_dict() for document in documents]
        (folder / f"{device}.json").write_text(json.dumps(items, default=str))
        for document in documents:
            document.reference.delete()
        moved += len(items)
    return moved


async def l3kit_mover(where: dict[str, Any], folder: Path) -> tuple[int, int]:
    """l3kit's mover as deployed, on the same store, with chunks stored as files. Returns: items, requests."""
    from benchmarks.hot_stores import open_store
    from benchmarks.memory_journal import FolderTarget, MemoryJournal
    from l3kit.tiering.movers.hot_to_cold import HotToCold
    from l3kit.tiering.settings.tuning import Tuning

    hot = open_store(where["endpoints"], where["store"], where["name"], where.get("token", ""))
    end = time.monotonic() + 3600
    mover = HotToCold(
        hot=hot,
        journal=MemoryJournal(),
        target=FolderTarget(folder),
        devices=device_ids(where["devices"]),
        now=CUTOFF,
        hot_days=0,
        run_id="benchmark",
        clock=lambda: datetime.now(UTC),
        remaining=lambda: end - time.monotonic(),
        tuning=Tuning(),
    )
    report = (await mover.run()).to_json()
    await hot.close()
    if report["verdict"] != "complete":
        raise RuntimeError(json.dumps(report)[:2000])
    return report["items"], sum(n for kind, n in report["requests"].items() if kind.startswith("hot."))


def main() -> None:
    """Move what standard input names; `folder` keeps the files, which are thrown away otherwise."""
    where = json.load(sys.stdin)
    with contextlib.nullcontext(where["folder"]) if "folder" in where else tempfile.TemporaryDirectory() as name:
        wall, cpu = time.monotonic(), time.process_time()
        requests = 0
        if where["way"] == "l3kit":
            items, requests = asyncio.run(l3kit_mover(where, Path(name)))
        else:
            items = {"cosmos": naive_cosmos, "firestore": naive_firestore}[where["store"]](where, Path(name))
        found = {"cpu": time.process_time() - cpu, "wall": time.monotonic() - wall, "peak_kb": peak_kb()}
    print(json.dumps({**found, "items": items, "requests": requests}))


if __name__ == "__main__":
    main()
