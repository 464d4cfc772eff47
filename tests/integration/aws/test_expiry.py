"""A deployed expirer: what goes, what stays, what tells of it; and no other role may delete from the archive."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from l3kit.clouds.aws.data.credentials import Credentials
from l3kit.clouds.aws.data.object_store import S3ObjectStore
from l3kit.clouds.aws.data.stores import Place, open_objects
from l3kit.clouds.aws.names import AwsNames
from l3kit.deploy import apply, plan
from l3kit.errors import L3Error
from l3kit.operate.audit.auditing import audit
from l3kit.operate.explain.gather import explain
from l3kit.operate.forecast import forecast
from l3kit.operate.history.reading import runs
from l3kit.operate.movers import run_mover
from l3kit.operate.query import query
from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import ACCESS_KEY, REGION, SECRET_KEY
from l3kit.session import Session
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.settings.function_table import EXPIRER
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, deploy, exists
from tests.support.accounts import aws_of
from tests.support.expiring import archived

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
T = TypeVar("T")
DEVICE = "pump-1"
DAYS = 400


@dataclass(frozen=True)
class Archive:
    """The archive bucket of a deployed twin, used by the account's root, or by a function's role."""

    sandbox: SandboxState
    names: AwsNames

    def act(self, act: Callable[[S3ObjectStore], Awaitable[T]], function: str = "") -> T:
        token = f"sandbox/{self.names.function(function)}/trial" if function else None
        keys = Credentials(ACCESS_KEY, SECRET_KEY, token)
        place = Place(REGION, lambda: keys, self.sandbox.gateway)

        async def go() -> T:
            store = open_objects(self.names.store("archive"), "archive", place)
            try:
                return await act(store)
            finally:
                await store.close()

        return asyncio.run(go())

    def keys(self, prefix: str = f"{DEVICE}/") -> list[str]:
        async def listed(store: S3ObjectStore) -> list[str]:
            return [info.key async for info in store.list(prefix)]

        return self.act(listed)

    def fill(self, *ages: float) -> list[str]:
        """Put a chunk of one reading of each age, in days. Returns: their keys."""

        async def put(store: S3ObjectStore) -> list[str]:
            return [await archived(store, DEVICE, age, number) for number, age in enumerate(ages, 1)]

        return self.act(put)

    def may_delete(self, function: str, key: str) -> bool:
        """Whether this function's role may delete an object; the sandbox enforces its policy."""

        async def delete(store: S3ObjectStore) -> bool:
            with contextlib.suppress(L3Error):
                return await store.delete(key)
            return False

        return self.act(delete, function)


def test_what_is_old_goes_with_a_record_and_everything_tells_of_it(
    session: Session, make_twin: MakeTwin, sandbox: SandboxState
) -> None:
    twin = make_twin(archive_storage_size_in_days=DAYS)
    wanted = plan(twin, session)
    assert "Expiry: data older than 400 days are permanently deleted from the archive on aws" in " ".join(wanted.notes)
    apply(wanted, session)
    archive = Archive(sandbox, aws_of(session).names(twin.name))
    _, young = archive.fill(DAYS + 1, DAYS - 1)
    told = forecast(session, twin, EXPIRER)
    assert (told.total("chunks"), told.total("items"), told.complete) == (1, 1, True)
    assert "1 item, 1 chunk" in told.summary()
    assert "permanently deleted" in told.summary()

    run = run_mover(session, twin, EXPIRER)

    assert run.verdict == "complete"
    assert archive.keys() == [young]
    due, gone = archive.keys("_l3kit/expired/")
    assert (due[-9:], gone[-9:]) == ("-due.json", "gone.json")
    found = query(session, twin, DEVICE)
    assert found.expired_before == run.reports[0]["cutoff"]
    assert found.gaps == ()
    assert query(session, twin, DEVICE, datetime.now(UTC) - timedelta(days=2)).expired_before == ""
    assert audit(session, twin, {"restore": False}).fault_count == 0
    page = " ".join(str(explain(session, twin, DEVICE)).split())
    assert "Expired and deleted from the archive: 1 chunk with 1 item" in page
    assert [(one.mover, one.chunks) for one in runs(session, twin).runs] == [(EXPIRER, 1)]
    functions = twin.layout.functions_on("aws")
    able = [one for one in functions if archive.may_delete(one, young)]
    assert (able, archive.keys()) == ([EXPIRER], [])
    assert not any(archive.may_delete(one, key) for one in functions for key in (due, gone))
    _ends_with_its_setting(session, archive, twin)


def _ends_with_its_setting(session: Session, archive: Archive, twin: Twin) -> None:
    path = twin.path / "config.json"
    config = json.loads(path.read_text())
    del config["archive_storage_size_in_days"]
    path.write_text(json.dumps(config))
    twin = Twin.load(twin.path)
    wanted = plan(twin, session)
    deleted = {(step.kind, step.name) for step in wanted.steps if step.action == "delete"}
    names = archive.names
    assert {("function", names.function(EXPIRER)), ("role", names.role(EXPIRER))} <= deleted
    assert "Nothing expires any more" in " ".join(wanted.notes)
    apply(wanted, session)
    assert not exists(twin, session, EXPIRER)
    (key,) = archive.fill(DAYS + 1)
    assert not any(archive.may_delete(one, key) for one in twin.layout.functions_on("aws"))
    assert archive.keys() == [key]
    with pytest.raises(L3Error, match="kept for ever"):
        run_mover(session, twin, EXPIRER)


def test_a_held_device_keeps_everything_until_the_hold_ends(
    session: Session, make_twin: MakeTwin, sandbox: SandboxState
) -> None:
    twin = make_twin(archive_storage_size_in_days=DAYS)
    deploy(twin, session)
    archive = Archive(sandbox, aws_of(session).names(twin.name))
    (old,) = archive.fill(DAYS + 1)

    async def hold(store: S3ObjectStore) -> None:
        await store.create(Holds.key(DEVICE), b"{}", sha256="0" * 64)

    async def release(store: S3ObjectStore) -> None:
        await store.delete(Holds.key(DEVICE))

    archive.act(hold)
    assert "held" in forecast(session, twin, EXPIRER).summary()
    run = run_mover(session, twin, EXPIRER)
    assert (run.verdict, archive.keys()) == ("paused", [old])
    assert f"device {DEVICE} is held" in run.summary()
    archive.act(release)
    assert run_mover(session, twin, EXPIRER).verdict == "complete"
    assert archive.keys() == []
