"""The expirer on Azure and Google Cloud, as `tests/integration/aws/test_expiry.py` has it on AWS."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from l3kit.deploy import apply, plan
from l3kit.operate.movers import run_mover
from l3kit.operate.query import query
from l3kit.session import Session, reached
from l3kit.tiering.ports import ObjectStore
from l3kit.tiering.settings.function_table import EXPIRER
from l3kit.twin.config import Twin
from tests.support.expiring import archived

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
DEVICE, DAYS = "pump-1", 400


def keys(session: Session, twin: Twin, prefix: str, *put: float) -> list[str]:
    """The keys in the archive, after chunks of these ages in days were put there."""

    async def go(store: ObjectStore) -> list[str]:
        try:
            for number, age in enumerate(put, 1):
                await archived(store, DEVICE, age, number)
            return [info.key async for info in store.list(prefix)]
        finally:
            await store.close()

    return asyncio.run(go(reached(session, twin.layout.archive, "the archive").object_store(twin, "archive")))


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_what_is_old_goes_with_a_record_and_the_function_goes_with_its_setting(
    clouds: Session, make_twin: Callable[..., Twin], cloud: str
) -> None:
    twin = make_twin(cloud, cloud, cloud, archive_storage_size_in_days=DAYS)
    apply(plan(twin, clouds), clouds)
    plan(twin, clouds).raise_if_changes()
    _, young = keys(clouds, twin, f"{DEVICE}/", DAYS + 1, DAYS - 1)

    run = run_mover(clouds, twin, EXPIRER)

    assert (run.verdict, run.total("chunks")) == ("complete", 1)
    assert keys(clouds, twin, f"{DEVICE}/") == [young]
    assert [key.rpartition("-")[2] for key in keys(clouds, twin, "_l3kit/expired/")] == ["due.json", "gone.json"]
    assert query(clouds, twin, DEVICE).expired_before == run.reports[0]["cutoff"]
    path = twin.path / "config.json"
    config = json.loads(path.read_text())
    del config["archive_storage_size_in_days"]
    path.write_text(json.dumps(config))
    twin = Twin.load(twin.path)
    wanted = plan(twin, clouds)
    removed = [step for step in wanted.steps if step.action == "delete"]
    assert [step.kind for step in removed if step.kind == "function"] == ["function"]
    assert all(EXPIRER in step.name for step in removed), removed
    assert "Nothing expires any more" in " ".join(wanted.notes)
    apply(wanted, clouds)
    plan(twin, clouds).raise_if_changes()
