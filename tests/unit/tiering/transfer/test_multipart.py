"""Objects in parts: no order, crash, repetition or second upload gives an object that nobody sent."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.tiering.transfer.archive_writer import ArchiveWriter
from l3kit.tiering.transfer.multipart import ORPHAN_AGE, PARTS_PREFIX, sweep_parts
from l3kit.tiering.transfer.wire import Request, Response
from tests.support import envelopes
from tests.support.lambda_calls import SECRET
from tests.support.memory_stores import MemoryObjectStore
from tests.support.wire_server import TOKEN

BODY = bytes(range(256)) * 4
KEY = "EWR/2024/chunk-00001.json"


def cut(body: bytes = BODY, *sizes: int, **changes: Any) -> list[dict[str, Any]]:
    return envelopes.cut(KEY, body, *sizes, **changes)


async def answer(store: Any, part: dict[str, Any]) -> Response:
    request = Request({"X-Inter-Cloud-Token": TOKEN}, json.dumps(part).encode())
    return await ArchiveWriter(store, SECRET, clock=lambda: store.now).handle(request)


def send(store: Any, *parts: dict[str, Any]) -> list[Response]:
    async def steps() -> list[Response]:
        return [await answer(store, part) for part in parts]

    return asyncio.run(steps())


def bodies(store: MemoryObjectStore) -> dict[str, bytes]:
    return {key: body for key, (_, body) in store.objects.items()}


# --- what belongs together --------------------------------------------------------------------------------------


def test_another_number_of_parts_is_another_upload_and_poisons_none() -> None:
    store = MemoryObjectStore("archive")
    two, three = cut(BODY, 500), cut(BODY, 300, 300)
    answers = send(store, two[0], three[0], two[1])
    assert [each.body.get("pending") for each in answers] == [[2], [2, 3], None]
    assert bodies(store) == {KEY: BODY}, "the superseded parts are gone with the object's completion"


@pytest.mark.parametrize("total", [2, 3])
def test_a_mover_that_cuts_otherwise_after_a_crash_is_not_held_up(total: int) -> None:
    """Its parts were 400 bytes before and are 350 bytes now; all but the last had arrived."""
    store, body = MemoryObjectStore("archive"), BODY[: 340 * total]
    old = cut(body, *[400] * (total - 1))
    assert len(old) == total
    send(store, *old[:-1])
    new = cut(body, *[350] * (total - 1))
    assert len(new) == total
    answers = send(store, *new)
    assert answers[0].body["pending"] == list(range(2, total + 1)), "older parts are not counted as the new ones"
    assert bodies(store) == {KEY: body}


def test_a_part_that_was_damaged_on_its_way_can_be_sent_again() -> None:
    store, parts = MemoryObjectStore("archive"), cut(BODY, 500)
    send(store, {**parts[0], "data": "AAAA"})
    assert send(store, parts[0])[0].body["pending"] == [2]
    assert send(store, parts[1])[0].body["sha256"] == parts[0]["sha256"]


def test_a_damaged_part_that_completes_the_set_is_told_and_leaves_nothing() -> None:
    store, parts = MemoryObjectStore("archive"), cut(BODY, 500)
    last = send(store, {**parts[0], "data": "AAAA"}, parts[1])[-1]
    assert (last.status, last.body["field"], store.objects) == (400, "sha256", {})
    assert send(store, *parts)[-1].status == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sha256": ...}, "sha256"),
        ({"sha256": None}, "sha256"),
        ({"part_number": 0}, "part_number"),
        ({"part_number": 3}, "part_number"),
        ({"part_number": "1"}, "part_number"),
        ({"total_parts": 0}, "total_parts"),
        ({"total_parts": 10_001}, "total_parts"),
        ({"total_parts": None}, "total_parts"),
        ({"is_multipart": False, "part_number": 2}, "is_multipart"),
        ({"is_multipart": ..., "part_number": 4111, "total_parts": 279, "more": [1]}, "is_multipart"),
        ({"is_multipart": None, "part_number": 1}, "is_multipart"),
        ({"is_multipart": False, "part_number": "1"}, "part_number"),
        ({"content_encoding": "a b"}, "content_encoding"),
    ],
)
def test_a_refused_part_leaves_nothing(changes: dict[str, Any], field: str) -> None:
    store = MemoryObjectStore("archive")
    refused = send(store, cut(BODY, 500, **changes)[1])[0]
    assert (refused.status, refused.body["field"], store.objects) == (400, field, {})


def test_a_part_for_a_taken_key_leaves_nothing() -> None:
    store = MemoryObjectStore("archive")
    send(store, *cut(b"other"))
    refused = send(store, cut(BODY, 500)[0])[0]
    assert (refused.status, refused.body["sha256"]) == (409, hashlib.sha256(b"other").hexdigest())
    assert bodies(store) == {KEY: b"other"}


@pytest.mark.parametrize("numbers", [{}, {"part_number": 1, "total_parts": 1}, {"part_number": 0, "total_parts": None}])
def test_a_whole_object_needs_no_numbers(numbers: dict[str, Any]) -> None:
    store = MemoryObjectStore("archive")
    assert send(store, {"object_key": KEY, "data": "text", "is_multipart": False, **numbers})[0].status == 200
    assert bodies(store) == {KEY: b"text"}


@pytest.mark.parametrize("name", ["GZIP", "Gzip", "x-gzip", "ZSTD"])
def test_an_encoding_is_known_in_any_case_and_kept_in_one(name: str) -> None:
    import gzip

    import zstandard

    packed = zstandard.compress(BODY) if name == "ZSTD" else gzip.compress(BODY)
    declared = {"content_encoding": name, "sha256": hashlib.sha256(BODY).hexdigest()}
    for parts in (cut(packed, **declared), cut(packed, 20, **declared)):
        store = MemoryObjectStore("archive")
        assert send(store, *parts)[-1].body["sha256"] == declared["sha256"]
        assert store.objects[KEY][0].content_encoding == ("zstd" if name == "ZSTD" else "gzip")
    refused = send(MemoryObjectStore("archive"), *cut(BODY, 500, content_encoding=name))[-1]
    assert (refused.status, refused.body["field"]) == (400, "content_encoding")


# --- never mixed ------------------------------------------------------------------------------------------------

UPLOADS: Sequence[list[dict[str, Any]]] = (
    cut(BODY, 400, 400),
    cut(BODY, 300, 300),
    cut(BODY, 500),
    cut(BODY[::-1], 400, 400),
    cut(BODY, 400, 400, metadata={"items": "1"}),
    cut(BODY, 400, 400, sha256=...),
    cut(BODY[::-1], 400, 400, sha256=...),
)
"""Uploads of one key: the same content cut in three ways, other content, other metadata, and two without a digest."""
SENT = {hashlib.sha256(body).hexdigest(): body for body in (BODY, BODY[::-1])}


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, len(UPLOADS) - 1), st.integers(0, 2)), max_size=14), st.integers(0, 6))
def test_parts_of_several_uploads_in_any_order_never_mix(order: list[tuple[int, int]], last: int) -> None:
    store = MemoryObjectStore("archive")
    parts = [UPLOADS[upload][min(number, len(UPLOADS[upload]) - 1)] for upload, number in order]
    for each in send(store, *parts):
        assert each.status in (200, 400, 409)
        if "sha256" in each.body and each.status == 200:
            assert store.objects[KEY][1] == SENT[each.body["sha256"]]
    assert KEY not in store.objects or store.objects[KEY][1] in SENT.values()
    if "sha256" in UPLOADS[last][0]:  # whatever came before, at the second try at the latest it is settled
        settled = [send(store, *UPLOADS[last])[-1] for _ in range(2)][-1]
        assert settled.body["sha256"] in SENT
        assert bodies(store) == {KEY: SENT[settled.body["sha256"]]}


@pytest.mark.parametrize("seed", range(12))
def test_two_uploads_at_once_never_mix(seed: int) -> None:
    store = MemoryObjectStore("archive")
    view: Any = store.delayed(seed)
    uploads = [UPLOADS[0], UPLOADS[seed % 4]]

    async def one_after_the_other(parts: list[dict[str, Any]]) -> list[Response]:
        return [await answer(view, part) for part in parts]

    async def both() -> list[list[Response]]:
        return await asyncio.gather(*map(one_after_the_other, uploads))

    for answers in asyncio.run(both()):
        assert {each.status for each in answers} <= {200, 400, 409, 500}
    assert KEY not in store.objects or store.objects[KEY][1] in SENT.values()
    assert send(store, *UPLOADS[0], *UPLOADS[0])[-1].status in (200, 409)
    assert store.objects[KEY][1] in SENT.values()


# --- crashes ----------------------------------------------------------------------------------------------------


class Dying(MemoryObjectStore):
    """The process dies at the n-th call: before it, or after it took effect."""

    def __init__(self, calls: int, *, after: bool) -> None:
        super().__init__("archive")
        self.left, self.after = calls, after

    def __getattribute__(self, name: str) -> Any:
        call = super().__getattribute__(name)
        if name in ("create", "create_large", "read", "head", "delete"):
            return lambda *args, **kwargs: self._maybe(call, *args, **kwargs)
        return call

    async def _maybe(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.left -= 1
        dies = self.left == 0
        if dies and not self.after:
            raise KeyboardInterrupt
        result = await call(*args, **kwargs)
        if dies:
            raise KeyboardInterrupt
        return result

    async def list(self, prefix: str = "") -> AsyncIterator[Any]:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        async for info in super().list(prefix):
            yield info


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("resumed", [cut(BODY, 400, 400), cut(BODY, 350, 350), cut(BODY, 600)], ids=["same", "3", "2"])
def test_a_crash_at_any_call_is_completed_by_sending_again(resumed: list[dict[str, Any]], after: bool) -> None:
    calls = 0
    while True:
        calls += 1
        store = Dying(calls, after=after)
        try:
            send(store, *cut(BODY, 400, 400))
        except KeyboardInterrupt:
            assert KEY not in store.objects or store.objects[KEY][1] == BODY
        else:
            break
        store.left = 0
        send(store, *resumed)
        if KEY not in store.objects:  # cut otherwise, and completed by a part of before: discarded as a whole
            send(store, *resumed)
        assert bodies(store) == {KEY: BODY}, calls
    assert calls > 20, "each I/O call was one to die at"


def test_what_another_release_left_unfinished_is_swept_and_does_not_disturb() -> None:
    store = MemoryObjectStore("archive")
    old = f"{PARTS_PREFIX}{hashlib.sha256(b'as 0.1.0 named them').hexdigest()}/00001-of-00002"
    asyncio.run(store.create(old, b"x", sha256=hashlib.sha256(b"x").hexdigest()))
    assert send(store, *cut(BODY, 500))[-1].status == 200
    assert set(store.objects) == {KEY, old}
    later = store.now + 2 * ORPHAN_AGE
    assert asyncio.run(sweep_parts(store, now=later)) == 1
    assert set(store.objects) == {KEY}
