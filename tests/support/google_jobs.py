"""The complete job of functions on Google Cloud, each run in this process as its own account.

A job returns its problems as texts, an empty list on success.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from l3kit.errors import L3Error
from l3kit.tiering.format.chunks import RESERVED_PREFIX
from l3kit.tiering.runtime.functions import Function, Run
from l3kit.tiering.stream.ports import Delivery
from l3kit.tiering.transfer.multipart import PARTS_PREFIX
from l3kit.tiering.transfer.wire import TOKEN_HEADER, Request
from l3kit.twin.layout import Layout
from tests.support import envelopes
from tests.support.chain import reading
from tests.support.expiring import archived
from tests.support.google_grants import Table
from tests.support.google_workplace import Workplace
from tests.support.wire_server import TOKEN

ALARMING = 91
Problems = list[str]
_numbers = itertools.count(1)


async def dispatcher(work: Workplace) -> Problems:
    """Hand a message on and keep one that is none, twice."""
    bad = Delivery(f"no message {next(_numbers)}".encode())
    its = work.function("dispatcher")
    problems = _differing(await its.dispatch([Delivery(_message()), bad], _remaining), stored=1, dead=1)
    return [*problems, *_differing(await its.dispatch([bad], _remaining), dead=1)]


async def connector(work: Workplace) -> Problems:
    """Send a message to another cloud and keep one that is none, twice."""
    return await _handing_on(work, "connector")


async def default_processor(work: Workplace) -> Problems:
    """Hand a message on and keep one that is none, twice."""
    return await _handing_on(work, "default-processor")


async def sending_persister(work: Workplace) -> Problems:
    """Send a message to the hot tier's cloud and have it checked; keep one that is none, twice."""
    return await _handing_on(work, "persister")


async def event_checker(work: Workplace) -> Problems:
    """Send a device its feedback through another cloud; keep a message that is none, twice."""
    problems = await _handing_on(work, "event-checker", fired=1, failed=0)
    return problems if work.around.replied else [*problems, "no device was told"]


async def persister(work: Workplace) -> Problems:
    """Store a message, find it stored, replace it and keep the old version, twice the same one; have all checked."""
    its = work.function("persister")
    told = [json.loads(await its.step(text, _remaining)) for text in _versions()]
    return [*_stored(told), *await _failed_actions(work)]


async def writer(work: Workplace) -> Problems:
    """The same for messages of another cloud."""
    its = work.function("writer")
    return _stored([(await _posted(its, _enveloped(text)))[1] for text in _versions()])


async def ingestion(work: Workplace) -> Problems:
    """Hand a message of another cloud on."""
    status, told = await _posted(work.function("ingestion"), _enveloped(_message()))
    return _differing(told, stored=1) if status == 200 else [str(told)]


async def cold_writer(work: Workplace) -> Problems:
    """Store a chunk, and again; look for one; answer the highest number, archived chunks included; seal a key."""
    device = f"device-{next(_numbers)}"
    asked: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (envelopes.chunk(device), {"written": 2}),
        (envelopes.chunk(device), {"written": 2}),
        ({**envelopes.chunk(device), "look": True}, {"looked": True}),
        ({**envelopes.chunk(device, chunk_index=3), "look": True}, {"sha256": None}),
        ({"iot_device_id": device, "highest": True}, {"highest": 1}),
        ({**envelopes.chunk(device, chunk_index=4), "items": [], "seal": True}, {"sealed": True}),
    ]
    return await _asked(work, "cold-writer", asked)


async def archive_writer(work: Workplace) -> Problems:
    """Store objects whole and in parts, repeatedly; leave no part."""
    device = f"device-{next(_numbers)}"
    small, large = (f"{device}/{name}.json" for name in ("small", "large"))
    first, second = envelopes.parts_of(large, b"x" * 10, 2)
    asked: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (envelopes.parcel(small), {"written": 2}),
        (envelopes.parcel(small), {"written": 2}),
        (first, {"pending": [2]}),
        (second, {"written": 10}),
        (second, {"written": 10}),
    ]
    problems = await _asked(work, "archive-writer", asked)
    async with work.objects("archive") as archive:
        parts = [info.key async for info in archive.list(PARTS_PREFIX)]
        for part in parts:
            await archive.delete(part)
    return [*problems, *(f"part left: {part}" for part in parts)]


async def archive_expirer(work: Workplace) -> Problems:
    """Delete what is old and keep what is not, with two records and a report."""
    device = f"device-{next(_numbers)}"
    async with work.objects("archive") as archive:
        await archived(archive, device, 1000, 1)
        young = await archived(archive, device, 10, 2)
        before = {info.key async for info in archive.list(RESERVED_PREFIX)}
        report = await work.function("archive-expirer").move(Run(None, "trial", _remaining))
        problems = [one["reason"] for told in report.to_json()["devices"] for one in told["skipped"]]
        if [info.key async for info in archive.list(f"{device}/")] != [young]:
            problems.append("not exactly what is old is gone")
        new = [info.key.split("/")[1] async for info in archive.list(RESERVED_PREFIX) if info.key not in before]
        if new != ["expired", "expired", "reports"]:
            problems.append(f"records and reports: {new}")
        for key in [info.key async for info in archive.list(f"{device}/")]:
            await archive.delete(key)
    return problems


@dataclass(frozen=True, slots=True)
class Case:
    """A function's job in a layout that deploys it on Google Cloud."""

    function: str
    layout: Layout
    job: Callable[[Workplace], Awaitable[Problems]]

    def __str__(self) -> str:
        return self.job.__name__


CASES = (
    Case("cold-writer", Layout("aws", "gcp", "gcp"), cold_writer),
    Case("archive-writer", Layout("aws", "aws", "gcp"), archive_writer),
    Case("archive-expirer", Layout("aws", "aws", "gcp", expires=True), archive_expirer),
    Case("dispatcher", Layout("gcp", "gcp", "gcp", l1="gcp", l2="gcp"), dispatcher),
    Case("connector", Layout("aws", "aws", "aws", l1="gcp", l2="aws"), connector),
    Case("ingestion", Layout("gcp", "gcp", "gcp", l1="aws", l2="gcp"), ingestion),
    Case("default-processor", Layout("gcp", "gcp", "gcp", l1="gcp", l2="gcp"), default_processor),
    Case("persister", Layout("gcp", "gcp", "gcp", l1="gcp", l2="gcp", events=True), persister),
    Case("persister", Layout("aws", "aws", "aws", l1="gcp", l2="gcp", events=True), sending_persister),
    Case("event-checker", Layout("gcp", "gcp", "gcp", l1="aws", l2="gcp", events=True, feedback=True), event_checker),
    Case("writer", Layout("gcp", "gcp", "gcp", l1="aws", l2="aws"), writer),
)


async def done(work: Workplace, case: Case, table: Table) -> Problems:
    """Do a job. Returns: what went wrong, in the function's words."""
    work.prepare(table)
    try:
        return await case.job(work)
    except L3Error as error:
        return [str(error)]


def _message(value: int = 1) -> bytes:
    return reading(next(_numbers), v=value)


def _versions() -> list[bytes]:
    number = next(_numbers)
    one, other = reading(number, v=1), reading(number, v=2)
    return [one, one, other, one, other]


def _stored(told: Sequence[Mapping[str, Any]]) -> Problems:
    return [
        *_differing(told[0], stored=1),
        *_differing(told[1], same=1),
        *(problem for one in told[2:] for problem in _differing(one, superseded=1)),
    ]


async def _handing_on(work: Workplace, function: str, **wanted: int) -> Problems:
    its, bad = work.function(function), f'["no message {next(_numbers)}"]'.encode()
    good = json.loads(await its.step(_normal(ALARMING), _remaining))
    problems = _differing(good, **(wanted or {"stored": 1}))
    for _ in range(2):
        problems += _differing(json.loads(await its.step(bad, _remaining)), dead=1)
    return [*problems, *await _failed_actions(work)]


def _normal(value: int) -> bytes:
    """A message in the form in which functions hand it on."""
    given = json.loads(_message(value))
    return json.dumps({"iotDeviceId": given["deviceId"], "id": given["time"], "v": value}).encode()


async def _posted(its: Function, body: bytes) -> tuple[int, Mapping[str, Any]]:
    answer = await its.write(Request({TOKEN_HEADER: TOKEN}, body))
    return answer.status, answer.body


def _enveloped(message: bytes) -> bytes:
    return b'{"source_cloud": "aws", "payload": %s}' % message


async def _asked(work: Workplace, function: str, asked: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> Problems:
    its, problems = work.function(function), []
    for envelope, wanted in asked:
        status, body = await _posted(its, json.dumps(envelope).encode())
        if {name: body.get(name) for name in wanted} != wanted:
            problems.append(f"{status} {dict(body)}, not {wanted}")
    return problems


async def _failed_actions(work: Workplace) -> Problems:
    """Take out the letters of events that were not checked or not carried out. Returns: their causes."""
    async with work.objects("letters") as letters:
        keys = [info.key async for info in letters.list("action-failed/")]
        causes = [str(json.loads(await letters.read(key))["cause"]) for key in keys]
        for key in keys:
            await letters.delete(key)
    return causes


def _differing(told: Mapping[str, Any], **wanted: int) -> Problems:
    return [f"{told}, not {wanted}"] if any(told.get(name) != count for name, count in wanted.items()) else []


def _remaining() -> float:
    return 300.0
