"""Deployed functions do their jobs with exactly the roles that apply gave them, and miss each one that goes.

Single permissions are taken away in `test_function_jobs.py` and `test_function_grants.py`, function by function.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests

from l3kit.clouds.gcp.cloud import GcpCloud
from l3kit.clouds.gcp.control.place import Place
from l3kit.clouds.gcp.control.policies import (
    Held,
    PolicyPlace,
    bucket_policy,
    project_policy,
    service_policy,
    with_held,
)
from l3kit.deploy import apply, plan, plan_destroy
from l3kit.errors import L3Error
from l3kit.sandbox import SandboxState
from l3kit.session import Session
from l3kit.tiering.ports import JournalRow, JournalStore
from l3kit.tiering.transfer.multipart import PARTS_PREFIX
from l3kit.tiering.transfer.wire import TOKEN_HEADER
from l3kit.twin.config import Twin
from tests.integration.gcp.control.test_live_session import gcp_control, let_call
from tests.support import envelopes
from tests.support.live_google import live_session, session_with_aws
from tests.support.twins import link_id, twin_on

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
Problems = list[str]
T = TypeVar("T")
_numbers = itertools.count(1)
DEVICE = "pump-1"
MOVERS, READERS = ("hot-to-cold-mover", "cold-to-archive-mover"), ("hot-reader", "hot-reader-last-entry")
STEPS = ("default-processor", "persister")
AT_TIMES: Mapping[tuple[str, str, str], str] = {
    ("cold-to-archive-mover", "archive", "object_lister"): "to be told that nothing was copied (test_function_grants)",
}
"""Roles that these jobs do not need, by function, place and purpose, with what they are for."""


@dataclass(frozen=True)
class Trial:
    """One role of one account somewhere."""

    function: str
    where: str
    held: Held
    on: PolicyPlace
    member: str

    @property
    def purpose(self) -> str:
        return self.held.role.rpartition(".")[2]

    def __str__(self) -> str:
        return f"{self.function}: {self.held} on {self.on.title}"

    @contextmanager
    def lacking(self) -> Iterator[None]:
        before = self.on.read()
        mine = _held_by(before, self.member)
        self.on.write(with_held(before, self.member, mine - {self.held}))
        try:
            yield
        finally:
            self.on.write(with_held(self.on.read(), self.member, mine))


def _held_by(policy: Mapping[str, Any], member: str) -> set[Held]:
    return {
        Held(str(one["role"]), str(one.get("condition", {}).get("expression", "")))
        for one in policy.get("bindings", ())
        if member in one["members"]
    }


@dataclass
class Deployed:
    """A deployed twin, its functions' roles as they are, and their jobs."""

    session: Session
    twin: Twin

    @property
    def cloud(self) -> GcpCloud:
        found = self.session.clouds["gcp"]
        assert isinstance(found, GcpCloud)
        return found

    @property
    def place(self) -> Place:
        here = self.cloud.session
        return Place(gcp_control(self.session), here.project, here.region)

    def trials(self) -> list[Trial]:
        """Return every role of every function's account, by the policies that are there."""
        names, place, layout = self.cloud.session.names(self.twin.name), self.place, self.twin.layout
        here = layout.functions_on("gcp")
        places = {
            "database": project_policy(place),
            **{tier: bucket_policy(place, names.store(tier)) for tier in layout.stored_on("gcp") if tier != "hot"},
            **{one: service_policy(place, names.function(one)) for one in here},
        }
        found = []
        for where, on in places.items():
            policy = on.read()
            for function in here:
                member = f"serviceAccount:{names.email(function)}"
                found += [
                    Trial(function, where, held, on, member) for held in sorted(_held_by(policy, member), key=str)
                ]
        return found

    def job(self, function: str) -> Problems:
        """Let a function do all its work. Returns: its problems."""
        try:
            return self._jobs()[function]()
        except L3Error as error:
            return [str(error)]

    def _jobs(self) -> Mapping[str, Callable[[], Problems]]:
        return {
            "hot-to-cold-mover": self.move_down,
            "cold-to-archive-mover": self.archive,
            "archive-writer": self.write,
            **{one: lambda one=one: self.read(one) for one in READERS},  # type: ignore[misc]
            **{one: lambda one=one: self.hand_on(one, plain) for one in STEPS},  # type: ignore[misc]
            "dispatcher": lambda: self.hand_on("dispatcher", pushed),
        }

    def ask(self, function: str, body: bytes) -> Any:
        name = self.cloud.session.names(self.twin.name).function(function)
        status, answer = self.cloud.session.functions.invoke(name, body, timeout=60)
        try:
            return {"status": status, **json.loads(answer)}
        except (ValueError, TypeError):
            return {"status": status, "answer": answer.decode(errors="replace")}

    def move_down(self) -> Problems:
        """Move items without a journal; then some twice, as if the run had died after it stored their chunk."""
        self._put(next(_numbers))
        self._with_journal(_forget)
        problems = self._moved("hot-to-cold-mover")
        number, former = next(_numbers), self._with_journal(_records)
        self._put(number)
        problems += self._moved("hot-to-cold-mover")
        self._with_journal(lambda journal: _set_back(journal, former))
        self._put(number)
        return problems + self._moved("hot-to-cold-mover")

    def archive(self) -> Problems:
        return [*self.move_down(), *self._moved("cold-to-archive-mover")]

    def write(self) -> Problems:
        """Send the archive's writer objects whole and in parts, each twice, as the other cloud does."""
        number = next(_numbers)
        small, large = (f"{DEVICE}/{name}-{number}.json" for name in ("small", "large"))
        first, second = envelopes.parts_of(large, b"x" * 10, 2)
        whole = envelopes.parcel(small)
        asked = [(whole, "written", 2), (whole, "written", 2), (first, "pending", [2])]
        asked += [(second, "written", 10), (second, "written", 10)]
        link = self.session.links(self.twin).get(link_id(self.twin, "archive-writer"))
        assert link is not None
        problems = []
        for envelope, name, wanted in asked:
            answer = requests.post(link.url, json=envelope, headers={TOKEN_HEADER: link.token}, timeout=60)
            if answer.status_code != 200 or answer.json().get(name) != wanted:
                problems.append(f"{answer.status_code} {answer.text}")
        return [*problems, *self._parts_left()]

    def _parts_left(self) -> Problems:
        """Delete parts in the archive. Returns: their names."""

        async def taken() -> Problems:
            archive = self.cloud.object_store(self.twin, "archive")
            try:
                parts = [info.key async for info in archive.list(PARTS_PREFIX)]
                for part in parts:
                    await archive.delete(part)
            finally:
                await archive.close()
            return [f"part left: {part}" for part in parts]

        return asyncio.run(taken())

    def read(self, reader: str) -> Problems:
        told = self.ask(reader, json.dumps({"iot_device_id": DEVICE}).encode())
        return [] if told["status"] == 200 else [str(told)]

    def hand_on(self, function: str, form: Callable[[bytes], bytes]) -> Problems:
        """Hand a message on; keep one that is none, and keep it again."""
        number = next(_numbers)
        good = {"iotDeviceId": DEVICE, "id": f"2026-01-01T{moment_of(number)}Z", "v": 1}
        problems = self._told(function, form(json.dumps(good).encode()), "stored")
        bad = form(f'["no message {number}"]'.encode())
        return problems + self._told(function, bad, "dead") + self._told(function, bad, "dead")

    def _told(self, function: str, body: bytes, counted: str) -> Problems:
        told = self.ask(function, body)
        return [] if told["status"] in (200, 204) and told.get(counted, 1) == 1 else [f"{function}: {told}"]

    def _moved(self, mover: str) -> Problems:
        cloud = self.twin.layout.host_of(mover)
        report = (
            self.ask(mover, b"{}") if cloud == "gcp" else self.session.clouds[str(cloud)].invoke(self.twin, mover, {})
        )
        return [] if report.get("verdict") == "complete" else [f"{mover}: {report}"]

    def _put(self, number: int) -> None:
        ids = [f"202{year}-01-01T{moment_of(number)}Z" for year in range(2)]
        items = [json.dumps({"iotDeviceId": DEVICE, "id": one}).encode() for one in ids]

        async def put() -> None:
            store = self.session.clouds[self.twin.layout.hot].hot_store(self.twin)
            try:
                await store.put_items(DEVICE, items)
            finally:
                await store.close()

        asyncio.run(put())

    def _with_journal(self, use: Callable[[JournalStore], Awaitable[T]]) -> T:
        async def used() -> T:
            journal = self.session.clouds[self.twin.layout.hot].journal_store(self.twin)
            try:
                return await use(journal)
            finally:
                await journal.close()

        return asyncio.run(used())


async def _records(journal: JournalStore) -> Mapping[str, JournalRow]:
    rows = {name: await journal.load(name) for name in await journal.names()}
    return {name: row for name, row in rows.items() if row is not None}


async def _forget(journal: JournalStore) -> None:
    """Lose all records, so that the next run looks where it stood."""
    for name, row in (await _records(journal)).items():
        await journal.remove(name, row.version)


async def _set_back(journal: JournalStore, former: Mapping[str, JournalRow]) -> None:
    """Give all records the content that they had."""
    now = await _records(journal)
    for name, row in former.items():
        assert await journal.swap(name, replace(row, version=now[name].version + 1))


def moment_of(number: int) -> str:
    """Return another time of day for each number."""
    return f"{number // 60:02}:{number % 60:02}:00"


def plain(message: bytes) -> bytes:
    return message


def pushed(message: bytes) -> bytes:
    """A message as Pub/Sub pushes it."""
    number = str(next(_numbers))
    content = {"data": base64.b64encode(message).decode(), "messageId": number, "attributes": {}}
    return json.dumps({"message": content, "subscription": "s", "deliveryAttempt": 1}).encode()


@contextmanager
def deployed(session: Session, twin: Twin) -> Iterator[Deployed]:
    apply(plan(twin, session), session)
    let_call(gcp_control(session), twin)
    try:
        yield Deployed(session, twin)
    finally:
        apply(plan_destroy(twin, session, data=True), session)


def test_each_function_misses_each_of_its_roles(all_clouds: SandboxState, tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "gcp", "gcp", "gcp", chain=("gcp", "gcp"))
    with deployed(live_session(all_clouds), twin) as there:
        check(there)


def test_so_it_is_with_tiers_on_aws(all_clouds: SandboxState, tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "gcp", "aws", "gcp")
    with deployed(session_with_aws(all_clouds), twin) as there:
        check(there)


def check(there: Deployed) -> None:
    trials = there.trials()
    assert {one.function for one in trials} == {*there.twin.layout.functions_on("gcp")}
    unneeded, lasting = set(), []
    for function in dict.fromkeys(one.function for one in trials):
        assert there.job(function) == [], function
        for trial in (one for one in trials if one.function == function):
            with trial.lacking():
                if not there.job(function):
                    unneeded.add((trial.function, trial.where, trial.purpose))
            lasting += [f"{trial} put back: {problem}" for problem in there.job(function)]
    assert lasting == []
    assert unneeded == {key for key in AT_TIMES if key[0] in {one.function for one in trials}}
