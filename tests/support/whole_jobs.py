"""The complete job of each function on AWS, run in this process with the function's own role.

A job returns its problems as texts, an empty list on success. It runs the deployed code with the deployed function's
variables, and every request has the identity of the function's instances.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import boto3

from l3kit.clouds.aws.data.credentials import Credentials
from l3kit.clouds.aws.data.hot_store import DynamoHotStore
from l3kit.clouds.aws.data.object_store import S3ObjectStore
from l3kit.clouds.aws.data.stores import Place, open_feedback, open_hot, open_journal, open_objects, open_peers
from l3kit.clouds.aws.data.variables import VARIABLES
from l3kit.clouds.aws.names import AwsNames
from l3kit.errors import L3Error
from l3kit.sandbox import SandboxState, fire_schedule
from l3kit.sandbox.aws.account import ACCESS_KEY, REGION, SECRET_KEY
from l3kit.tiering.format.chunks import RESERVED_PREFIX
from l3kit.tiering.movers.report import RunReport
from l3kit.tiering.ports import ObjectInfo, Page, Tier
from l3kit.tiering.runtime.functions import Function, Run
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.settings.loading import Settings, load_settings
from l3kit.tiering.transfer import wire
from l3kit.tiering.transfer.receipts import leave_receipt
from l3kit.tiering.transfer.wire import Request
from tests.support import envelopes

NOW = datetime(2036, 1, 1, tzinfo=UTC)
"""The jobs' data are old enough for every tier."""
LARGE = 9 * 1024 * 1024
"""Larger than one part of an S3 upload."""
_numbers = itertools.count(1)
Problems = list[str]


@dataclass(frozen=True)
class Workplace:
    """A deployed twin, used by the account's root for preparation and checks, and by its functions."""

    state: SandboxState
    names: AwsNames

    def client(self, service: str) -> Any:
        """A boto3 client as the account's root."""
        return boto3.client(
            service,
            endpoint_url=self.state.gateway,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )

    def settings(self, function: str, device: str) -> Settings:
        """The deployed function's settings, limited to one device."""
        deployed = self.client("lambda").get_function_configuration(FunctionName=self.names.function(function))
        told = load_settings(function, deployed["Environment"]["Variables"], cloud=VARIABLES)
        return replace(told, twin=replace(told.twin, devices=(device,)))

    def place(self, function: str = "") -> Place:
        """Address and credentials: of a function's role, or of root."""
        token = f"sandbox/{self.names.function(function)}/trial" if function else None
        keys = Credentials(ACCESS_KEY, SECRET_KEY, token)
        return Place(REGION, lambda: keys, self.state.gateway)

    @contextlib.asynccontextmanager
    async def objects(self, tier: Tier) -> AsyncIterator[S3ObjectStore]:
        store = open_objects(self.names.store(tier), tier, self.place())
        try:
            yield store
        finally:
            await store.close()

    @contextlib.asynccontextmanager
    async def hot(self) -> AsyncIterator[DynamoHotStore]:
        store = open_hot(self.names.store("hot"), self.place())
        try:
            yield store
        finally:
            await store.close()


@dataclass
class Hooks:
    """Actions between two requests of a function, each carried out once."""

    before_delete: Callable[[], Awaitable[None]] | None = None
    after_head: Callable[[str], Awaitable[None]] | None = None
    opened: list[Any] = field(default_factory=list)


def function_as_role(work: Workplace, function: str, device: str, hooks: Hooks | None = None) -> Function:
    """The function's own code with its role's identity."""
    place, hooks = work.place(function), hooks or Hooks()

    class Hot(DynamoHotStore):
        async def delete_page(self, page: Page, sort_keys: Sequence[str], **more: Any) -> list[str]:
            step, hooks.before_delete = hooks.before_delete, None
            if step is not None:
                await step()
            return await super().delete_page(page, sort_keys, **more)

    class Objects(S3ObjectStore):
        async def head(self, key: str) -> ObjectInfo | None:
            found = await super().head(key)
            if hooks.after_head is not None and device in key and not key.startswith(RESERVED_PREFIX):
                step, hooks.after_head = hooks.after_head, None
                await step(key)
            return found

    def hot(name: str) -> DynamoHotStore:
        plain = open_hot(name, place)
        return Hot(plain._table)

    def objects(name: str, tier: Tier) -> S3ObjectStore:
        plain = open_objects(name, tier, place)
        return Objects(name, tier, plain._client, path_style=True)

    openers = Openers(
        *(hot, lambda name: open_journal(name, place), objects),
        peers=lambda names: open_peers(names, place),
        feedback=lambda twin: open_feedback(twin, place),
    )
    return Function(work.settings(function, device), openers)


async def move(work: Workplace, function: str, device: str, hooks: Hooks | None = None) -> RunReport:
    run = Run(NOW.isoformat(), "trial", lambda: 900.0)
    return await function_as_role(work, function, device, hooks).move(run)


def item(device: str, day: int, **more: Any) -> bytes:
    return json.dumps({"iotDeviceId": device, "id": f"2026-01-{day:02d}T00:00:00Z", **more}).encode()


def key_of(device: str, number: int, day: int = 1) -> str:
    return f"{device}/2026-01-{day:02d}T00:00:00Z-2026-01-{day:02d}T00:00:00Z/chunk-{number:05d}.json"


def chunk_of(device: str, day: int) -> bytes:
    """A chunk of one item."""
    return b"[" + item(device, day) + b"]"


async def put_chunk(store: S3ObjectStore, key: str, body: bytes = b'[{"v":1}]') -> None:
    await store.create(key, body, sha256=hashlib.sha256(body).hexdigest(), metadata={"items": "1"})


def new_device() -> str:
    return f"device-{next(_numbers)}"


def failures(report: RunReport) -> Problems:
    """The failures that a run reports."""
    skipped = [f"{s['key']}: {s['reason']}" for device in report.to_json()["devices"] for s in device["skipped"]]
    return [] if report.verdict == "complete" else [f"verdict {report.verdict}", *skipped]


async def hot_to_cold(work: Workplace) -> Problems:
    """Move items of a device whose journal record is lost; put back what gained an attribute; recover from a crash."""
    device, function = new_device(), "hot-to-cold-mover"
    problems: Problems = []
    async with work.hot() as hot, work.objects("archive") as archive:
        await put_chunk(archive, key_of(device, 7))
        await hot.put_items(device, [item(device, day) for day in (1, 2)])

        async def grow() -> None:
            await hot.put_items(device, [item(device, 2, added=True)])

        report = await move(work, function, device, Hooks(before_delete=grow))
        problems += failures(report)
        keys = [key for moved in report.devices for key in moved.keys]
        if not (keys and "chunk-00008" in keys[0]):
            problems.append(f"stored as {keys}, not behind the archived chunk 7")
        left = (await hot.read_page(device, before="9")).items
        if [json.loads(one) for one in left] != [json.loads(item(device, 2, added=True))]:
            problems.append(f"the changed item was not put back: {left}")

        async def die() -> None:
            raise RuntimeError("killed here")

        await move(work, function, device, Hooks(before_delete=die))
        if "cold" in work.settings(function, device).stores:
            await _archive_last(work, device)
        report = await move(work, function, device)
        problems += failures(report)
        if (await hot.read_page(device, before="9")).items:
            problems.append("items of the interrupted run are still hot")
        if not any("completed" in note for moved in report.devices for note in moved.notes):
            problems.append(f"the interrupted run was not completed: {[moved.notes for moved in report.devices]}")
    return problems


async def _archive_last(work: Workplace, device: str) -> None:
    """Remove a device's last chunk from the cold tier and leave a receipt, as the archive mover does."""
    async with work.objects("cold") as cold:
        last = max([info.key async for info in cold.list(f"{device}/")])
        found = await cold.head(last)
        assert found is not None
        await leave_receipt(cold, last, str(found.sha256))
        await cold.delete(last)


async def cold_to_archive(work: Workplace) -> Problems:
    """Archive chunks; leave a receipt for the last, remove an older one, keep reports; leave chunks that change."""
    device, function = new_device(), "cold-to-archive-mover"
    problems: Problems = []
    async with work.objects("cold") as cold:
        await _empty(cold)
        for number in (1, 2):
            await put_chunk(cold, key_of(device, number, number))
        problems += failures(await move(work, function, device))
        await put_chunk(cold, key_of(device, 3, 3))
        problems += failures(await move(work, function, device))
        there = [info.key async for info in cold.list()]
        receipts = [key for key in there if key.startswith(f"{RESERVED_PREFIX}archived/")]
        if receipts != [f"{RESERVED_PREFIX}archived/{key_of(device, 3, 3)}"]:
            problems.append(f"receipts: {receipts}")
        if len(reports := [key for key in there if key.startswith(f"{RESERVED_PREFIX}reports/")]) != 2:
            problems.append(f"reports: {reports}")
        if left := [key for key in there if not key.startswith(RESERVED_PREFIX)]:
            problems.append(f"still cold: {left}")
    return problems


async def cold_to_archive_of_the_same_cloud(work: Workplace) -> Problems:
    """The same, with a check of the archive; a chunk that changes before its copy is reported."""
    problems = await cold_to_archive(work)
    device = new_device()
    async with work.objects("cold") as cold, work.objects("archive") as archive:
        if not [info async for info in archive.list() if info.key.endswith("chunk-00003.json")]:
            problems.append("nothing in the archive")

        async def exchange(key: str) -> None:
            await cold.delete(key)
            await put_chunk(cold, key, b'[{"v":2}]')

        await put_chunk(cold, key_of(device, 1))
        report = await move(work, "cold-to-archive-mover", device, Hooks(after_head=exchange))
        reasons = [s.reason for moved in report.devices for s in moved.skipped]
        if not (len(reasons) == 1 and "changed before it was copied" in reasons[0]):
            problems.append(f"a changed chunk is told as: {reasons}")
        problems += failures(await move(work, "cold-to-archive-mover", device))
    return problems


async def cold_writer(work: Workplace) -> Problems:
    """Store a chunk, and again; look for one; answer the highest number, archived chunks included; seal a key."""
    device = new_device()
    writer = function_as_role(work, "cold-writer", device)
    token = work.settings("cold-writer", device).token.reveal()
    asked: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (envelopes.chunk(device), {"written": 2}),
        (envelopes.chunk(device), {"written": 2}),
        (envelopes.chunk(device, chunk_index=2, again=True), {"written": 2}),
        ({**envelopes.chunk(device), "look": True}, {"looked": True}),
        ({**envelopes.chunk(device, chunk_index=3), "look": True}, {"sha256": None}),
        ({"iot_device_id": device, "highest": True}, {"highest": 1}),  # the repetition was found under the first number
        ({**envelopes.chunk(device, chunk_index=4), "items": [], "seal": True}, {"sealed": True}),
    ]
    return await _ask(writer, token, asked)


async def archive_writer(work: Workplace) -> Problems:
    """Store objects whole and in parts, repeatedly; discard an upload that differs from its declaration."""
    device = new_device()
    writer = function_as_role(work, "archive-writer", device)
    token = work.settings("archive-writer", device).token.reveal()
    small, large, wrong = (f"{device}/{name}.json" for name in ("small", "large", "wrong"))
    body = b"x" * LARGE
    first, second = envelopes.parts_of(large, body, 2)
    bad = envelopes.parts_of(wrong, body, 2, sha256="0" * 64)
    asked: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (envelopes.parcel(small), {"written": 2}),
        (envelopes.parcel(small), {"written": 2}),
        (first, {"pending": [2]}),
        (second, {"written": LARGE}),
        (second, {"written": LARGE}),
        (bad[0], {"pending": [2]}),
        (bad[1], {"field": "sha256"}),
    ]
    problems = await _ask(writer, token, asked)
    async with work.objects("archive") as archive:
        if parts := [info.key async for info in archive.list(f"{RESERVED_PREFIX}parts/")]:
            problems.append(f"parts are left: {parts}")
            for part in parts:
                await archive.delete(part)
    s3, bucket = work.client("s3"), work.names.archive_s3_bucket()
    for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
        problems.append(f"an upload is left: {upload['Key']}")
        s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    return problems


async def archive_expirer(work: Workplace) -> Problems:
    """Delete what is old and keep what is not, with a report and two records, which it cannot delete."""
    device, function = new_device(), "archive-expirer"
    old = f"{device}/2001-01-01T00:00:00Z-2001-01-02T00:00:00Z/chunk-00001.json"
    problems: Problems = []
    async with work.objects("archive") as archive:
        await put_chunk(archive, old)
        await put_chunk(archive, key_of(device, 2))
        before = {info.key async for info in archive.list(RESERVED_PREFIX)}
        problems += failures(await move(work, function, device))
        if [info.key async for info in archive.list(f"{device}/")] != [key_of(device, 2)]:
            problems.append("not exactly what is old is gone")
        new = [info.key async for info in archive.list(RESERVED_PREFIX) if info.key not in before]
        # What an earlier job left, because it lacked a permission, goes with this run too.
        own = [key for key in new if key.split("/")[1:3] in (["expired", device], ["reports", function])]
        if [key.split("/")[1] for key in own] != ["expired", "expired", "reports"]:
            problems.append(f"records and reports: {own}")
        as_role = open_objects(work.names.store("archive"), "archive", work.place(function))
        for key in own:
            with contextlib.suppress(L3Error):
                await as_role.delete(key)
                problems.append(f"{key} could be deleted")
        await as_role.close()
    return problems


async def hot_reader(work: Workplace) -> Problems:
    """Read a device's history."""
    return await _read(work, "hot-reader", "items")


async def hot_reader_last_entry(work: Workplace) -> Problems:
    """Read a device's last item."""
    return await _read(work, "hot-reader-last-entry", "item")


async def _read(work: Workplace, function: str, field_name: str) -> Problems:
    device = new_device()
    async with work.hot() as hot:
        await hot.put_items(device, [item(device, 1)])
    answer = await function_as_role(work, function, device).read({"iot_device_id": device})
    return [] if device in json.dumps(answer.get(field_name)) else [f"answered {answer}"]


async def _ask(writer: Function, token: str, asked: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> Problems:
    problems: Problems = []
    for envelope, wanted in asked:
        request = Request({wire.TOKEN_HEADER: token}, json.dumps(envelope).encode())
        response = await writer.write(request)
        told = {name: response.body.get(name) for name in wanted}
        if told != wanted:
            problems.append(f"{response.status} {dict(response.body)}, not {wanted}")
    return problems


async def _empty(store: S3ObjectStore) -> None:
    for key in [info.key async for info in store.list()]:
        await store.delete(key)


def start(work: Workplace, mover: str) -> Problems:
    """Trigger a mover's schedule."""
    names = work.names
    try:
        fired = fire_schedule(names.schedule(mover), f"l3kit-{names.twin_name}", home=work.state.home)
    except Exception as error:
        return [str(error)]
    return [f"{fired.payload}"] if fired.function_error else []


def log(work: Workplace, function: str, *, beside: str) -> Problems:
    """Run in a new instance and find its lines in its log group.

    Args:
        beside: another function of the twin; once its later lines are present, the first one's must be too.
    """
    client, names = work.client("lambda"), work.names
    for name in (function, beside):
        client.update_function_configuration(FunctionName=names.function(name), Description=f"trial {next(_numbers)}")
    asked = {name: client.invoke(FunctionName=names.function(name), Payload=b"{}") for name in (function, beside)}
    ids = {name: answer["ResponseMetadata"]["RequestId"] for name, answer in asked.items()}
    _wait(lambda: ids[beside] in _lines(work, beside))
    return [] if ids[function] in _lines(work, function) else [f"{function} left no line"]


def _lines(work: Workplace, function: str) -> str:
    events = work.client("logs").filter_log_events(logGroupName=work.names.log_group(function))["events"]
    return "\n".join(event["message"] for event in events)


def _wait(ready: Callable[[], bool], limit: float = 120.0) -> None:
    """Poll until `ready`. Raises: TimeoutError."""
    end = time.monotonic() + limit
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError("no line of the other function either")
        time.sleep(0.05)
