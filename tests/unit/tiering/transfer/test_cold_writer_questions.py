"""A mover asks the cold writer what became of a chunk and which numbers are spent; and what the writer refuses."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from l3kit.errors import TransferError
from l3kit.tiering.format.chunks import RESERVED_NUMBERS, SEAL_SHA256, ChunkKey, parse_object_key
from l3kit.tiering.movers.local_target import LocalTarget
from l3kit.tiering.movers.remote_target import RemoteTarget
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.cold_writer import ColdWriter
from l3kit.tiering.transfer.receipts import leave_receipt
from l3kit.tiering.transfer.sender import Writer
from l3kit.tiering.transfer.wire import Request, Response
from tests.support.memory_stores import MemoryObjectStore
from tests.support.moving import World, readings
from tests.support.records import alter, key_of, mover, stopped_before_its_deletes
from tests.support.wire_server import TOKEN, Server, chunk_of, item

Serve = Callable[[Any], Server]


class OlderWriter:
    """Knows nothing of the two questions, as in 0.1.0."""

    def __init__(self, store: MemoryObjectStore) -> None:
        self._writer = ColdWriter(store, Secret(TOKEN))

    async def handle(self, request: Request) -> Response:
        if b'"look"' in request.body or b'"highest"' in request.body:
            return Response(400, {"error": "items: is missing", "field": "items"})
        return await self._writer.handle(request)


@pytest.fixture(params=["local", "remote"])
def target(request: pytest.FixtureRequest, served: Serve, writer: Writer) -> Any:
    store, archive = MemoryObjectStore("cold"), MemoryObjectStore("archive", "archive")
    served(ColdWriter(store, Secret(TOKEN), archive=archive))
    chosen: Any = LocalTarget(store, "none", archive) if request.param == "local" else RemoteTarget(writer, "aws")
    chosen.objects, chosen.archive = store, archive
    return chosen


def test_looking_tells_what_is_there_or_was_archived_and_changes_nothing(target: Any) -> None:
    async def steps() -> None:
        chunk = chunk_of([item(0), item(1)])
        assert await target.look(chunk.key) is None
        await target.store(chunk)
        assert await target.look(chunk.key) == chunk.sha256
        await leave_receipt(target.objects, str(chunk.key), chunk.sha256)
        await target.objects.delete(str(chunk.key))
        assert await target.look(chunk.key) == chunk.sha256
        assert list(target.objects.objects) == [f"_l3kit/archived/{chunk.key}"]
        sealed = chunk_of([item(5)], number=7).key
        await target.seal(sealed)
        assert await target.look(sealed) == SEAL_SHA256

    asyncio.run(steps())


def test_an_object_without_a_noted_digest_is_read_to_tell_it(target: Any) -> None:
    async def steps() -> None:
        chunk = chunk_of([item(n) for n in range(3)], compression="gzip")
        await target.store(chunk)
        info, body = target.objects.objects[str(chunk.key)]
        target.objects.objects[str(chunk.key)] = (replace(info, sha256=None), body)
        assert await target.look(chunk.key) == chunk.sha256

    asyncio.run(steps())


def test_the_highest_number_is_that_of_both_tiers_and_the_receipts_below_the_reserved_ones(target: Any) -> None:
    async def steps() -> None:
        assert await target.highest_number("a") == 0
        await target.objects.create(str(key_of(3)), b"[1]", sha256="0" * 64)
        await target.objects.create(str(key_of(RESERVED_NUMBERS)), b"[1]", sha256="0" * 64)
        await target.objects.create(str(key_of(90, "a2")), b"[1]", sha256="0" * 64)
        assert await target.highest_number("a") == 3
        await leave_receipt(target.objects, str(key_of(7)), "0" * 64)
        assert await target.highest_number("a") == 7
        await target.archive.create(str(key_of(12)), b"[1]", sha256="0" * 64)
        assert await target.highest_number("a") == 12

    asyncio.run(steps())


def test_a_mover_beside_the_archive_lists_it_itself(served: Serve, writer: Writer) -> None:
    served(ColdWriter(MemoryObjectStore("cold"), Secret(TOKEN)))
    archive = MemoryObjectStore("archive", "archive")
    asyncio.run(archive.create(str(key_of(12)), b"[1]", sha256="0" * 64))
    assert asyncio.run(RemoteTarget(writer, "aws", archive=archive).highest_number("a")) == 12


@pytest.mark.parametrize("device", ["~d", "~", "_l3kit"])
def test_reserved_device_ids_are_refused_by_both_questions_and_chunks(
    device: str, served: Serve, writer: Writer
) -> None:
    store = MemoryObjectStore("cold")
    served(ColdWriter(store, Secret(TOKEN)))
    with pytest.raises(TransferError, match="is reserved"):
        writer.highest_number(device, "aws")
    with pytest.raises(TransferError, match="is reserved"):
        writer.look_at_chunk(ChunkKey(device, "a", "b", 1), "aws")
    with pytest.raises(TransferError, match="is reserved"):
        writer.post_chunk(chunk_of([item(0, device=device)], device=device), "aws")
    assert not store.objects


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"looked": True, "key": "other", "sha256": None},
        {"looked": False, "sha256": None, "iot_device_id": "a", "highest": -1},
        {"iot_device_id": "b", "highest": 1},
        {"iot_device_id": "a", "highest": True},
        {"iot_device_id": "a", "highest": 1.5},
    ],
)
def test_an_answer_that_does_not_answer_the_question_is_an_error(
    server: Server, writer: Writer, answer: dict[str, Any]
) -> None:
    server.script(Response(200, answer))
    with pytest.raises(TransferError, match="does not confirm"):
        writer.look_at_chunk(key_of(1), "aws")
    with pytest.raises(TransferError, match="does not confirm"):
        writer.highest_number("a", "aws")


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize("state", ["writing", "stored"])
@pytest.mark.parametrize("make", [lambda store: ColdWriter(store, Secret(TOKEN)), OlderWriter], ids=["new", "older"])
def test_an_interrupted_chunk_is_looked_at_over_the_wire(
    make: Callable[[MemoryObjectStore], Any], state: str, gone: bool, served: Serve, writer: Writer
) -> None:
    world = stopped_before_its_deletes()
    alter(world, entry_state=state)
    if gone:
        world.cold.objects.clear()
    served(make(world.cold))
    report = asyncio.run(mover(world, None, "run", target=RemoteTarget(writer, "aws")).run())
    assert report.verdict == "complete", report.to_json()
    assert world.everywhere() == Counter(one.decode() for one in readings("a", 60))


def test_with_an_older_writer_numbers_begin_at_1_and_the_report_says_so(served: Serve, writer: Writer) -> None:
    world = World()
    served(OlderWriter(world.cold))
    world.put("a", *readings("a", 5))
    report = asyncio.run(mover(world, None, "run", target=RemoteTarget(writer, "aws")).run())
    assert "does not report which chunk numbers are spent: they start at 1" in report.devices[0].notes[0]
    assert [key.number for key in map(parse_object_key, report.devices[0].keys) if key] == [1]


def test_a_writer_that_fails_at_the_question_leaves_the_device_where_it_is(server: Server, writer: Writer) -> None:
    world = World()
    world.put("a", *readings("a", 5))
    server.script(Response(500, {}))
    report = asyncio.run(mover(world, None, "run", target=RemoteTarget(writer, "aws")).run())
    assert report.verdict == "partial"
    assert len(world.hot.devices["a"]) == 5
    assert "iot_device_id" in json.loads(server.seen[0].body)


# --- over the wire ------------------------------------------------------------------------------------------------

ODD_BODIES = [
    b'{"iotDeviceId":"a","id":"2026-01-01T00:07:30Z","v":1e400}',
    b'{"iotDeviceId":"a","id":"2026-01-01T00:07:30Z","v":-1.8E+309}',
    b'{"iotDeviceId":"a","id":"2026-01-01T00:07:30Z","v":"\\ud800"}',
    b'{"iotDeviceId":"a","id":"2026-01-01T00:07:30Z","v":' + b"[" * 300 + b"]" * 300 + b"}",
    b'{"iotDeviceId":"a","id":"2026-01-01T00:07:30Z","v":' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"iotDeviceId":"a","id":"2026-01-01T00:07:30Z","v":1,"v":2}',
    b'{"iotDeviceId":"a","id":"2026-01-01T00:07:30Z","v":NaN}',
]


@pytest.mark.parametrize("odd", ODD_BODIES, ids=lambda odd: odd[52:64].decode())
def test_an_item_that_the_writer_refuses_stays_while_its_device_goes_on(
    odd: bytes, served: Serve, writer: Writer
) -> None:
    world = World()
    served(ColdWriter(world.cold, Secret(TOKEN)))
    world.put("a", *readings("a", 15))
    world.hot.devices["a"]["2026-01-01T00:07:30Z"] = odd
    report = asyncio.run(mover(world, None, "run", target=RemoteTarget(writer, "aws")).run())
    assert list(world.hot.devices["a"].values()) == [odd]
    (skipped,) = report.devices[0].skipped
    assert skipped.key == "2026-01-01T00:07:30Z"
    assert "HTTP 400 (items: item " in skipped.reason
    assert report.to_json()["items"] == 15
