"""Every cloud's writers answer as docs/reference/openapi.yaml says: to drawn and broken requests, and in sequences."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.conformance import Writer, WriterSuite
from l3kit.operate.coroutines import run
from l3kit.operate.tier_stores import open_tiers
from l3kit.session import Session
from l3kit.tiering.format.chunks import parse_object_key
from l3kit.tiering.transfer.receipts import RECEIPT_PREFIX
from l3kit.twin.config import Twin
from tests.integration.layouts.writers import (
    ARCHIVE,
    COLD,
    Writers,
    archive_as_the_mover_does,
    contents,
)
from tests.support.accounts import aws_of
from tests.support.envelopes import chunk, damaged, parcel, parts_of
from tests.support.operators import root_of
from tests.support.protocol_requests import Endpoint, repeatable
from tests.support.seed_mover import GivenUpError, SeedMover, table_of

pytestmark = pytest.mark.sandbox


@pytest.fixture
def cold(writers: Writers) -> Endpoint:
    return writers[COLD]


@pytest.fixture
def archive(writers: Writers) -> Endpoint:
    return writers[ARCHIVE]


@pytest.fixture
def cold_writer(cold: Endpoint) -> Writer:
    return Writer(cold.connection.url, cold.connection.token)


@pytest.fixture
def archive_writer(archive: Endpoint) -> Writer:
    return Writer(archive.connection.url, archive.connection.token)


class TestWriters(WriterSuite):
    """What a cloud of another package must pass too."""


# --- any request ------------------------------------------------------------------------------------------------

WHOLE = {COLD: chunk("broken", again=True), ARCHIVE: parcel("broken", is_multipart=True, part_number=1, total_parts=2)}
PIECES = st.binary(max_size=4) | st.sampled_from([b'"', b"{}", b"\\ud800", b"1e999", b"[" * 1500])
EDITS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 4), PIECES), min_size=1, max_size=4)
HEADER_TEXTS = st.none() | st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20).map(str.strip)


@pytest.mark.parametrize("path", [COLD, ARCHIVE])
@settings(repeatable, max_examples=40)
@given(edits=EDITS, packed=st.booleans(), encoding=HEADER_TEXTS, key=HEADER_TEXTS)
def test_damaged_bodies_and_odd_headers_get_a_documented_answer(
    path: str,
    edits: list[tuple[int, int, bytes]],
    packed: bool,
    encoding: str | None,
    key: str | None,
    writers: Writers,
) -> None:
    headers = {"content_encoding": "gzip"} if packed else {}
    headers |= {"content_encoding": encoding} if encoding is not None and not packed else {}
    headers |= {"idempotency_key": key} if key is not None else {}
    assert writers[path].post(damaged(WHOLE[path], edits, packed), **headers)[0] < 500


# --- refusals of every kind -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [COLD, ARCHIVE])
@pytest.mark.parametrize(
    "token", [None, "wrong", "传感器".encode().decode("latin-1")], ids=["none", "wrong", "unicode"]
)
def test_without_the_token_nothing_is_looked_at(path: str, token: str | None, writers: Writers) -> None:
    assert writers[path].post(b"{", token=token) == (
        403,
        {"error": "the header X-Inter-Cloud-Token is missing or wrong"},
    )


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_no_other_method_writes(method: str, cold: Endpoint, archive: Endpoint) -> None:
    assert cold.post(chunk("method"), method=method)[0] == 405
    assert archive.post(parcel("method"), method=method)[0] == 405
    assert cold.post(chunk("method", seal=True, items=[]))[1]["sealed"], "the key is still free"


ODD = {f"name-{number}": "v" for number in range(65)}


@pytest.mark.parametrize(
    "fields",
    [{"object_key": "a\nb"}, {"object_key": "a\r\nb"}, {"object_key": "../a"}, {"metadata": ODD}],
    ids=["newline", "line-end", "dots", "metadata"],
)
def test_what_a_store_would_fail_on_is_refused_before_it_is_asked(fields: dict[str, Any], archive: Endpoint) -> None:
    status, answer = archive.post({**parcel("odd"), **fields})
    assert (status, answer["field"]) == (400, next(iter(fields)))


def test_as_much_metadata_as_is_allowed_is_stored(archive: Endpoint) -> None:
    assert archive.post(parcel("much", metadata=dict(list(ODD.items())[1:])))[0] == 200


def test_what_is_too_large_for_the_writer_is_413(cold: Endpoint) -> None:
    bomb = gzip.compress(bytes(40_000_000))
    assert cold.post(bomb, content_encoding="gzip")[1]["field"] == "body"
    assert cold.post(b" " * 17_000_000)[0] == 413


@pytest.mark.parametrize("cloud", ["aws"], indirect=True)
def test_what_is_too_large_for_lambda_alone_is_413_in_its_own_words(cold: Endpoint) -> None:
    status, answer = cold.post(b" " * 6_300_000)
    assert (status, "error" in answer) == (413, False)


@pytest.mark.parametrize("cloud", ["aws"], indirect=True)
def test_too_many_requests_at_once_are_429(cold: Endpoint, receivers: Mapping[str, Twin], clouds: Session) -> None:
    client = aws_of(root_of(clouds)).client("lambda")
    name = aws_of(clouds).names(receivers[COLD].name).function("cold-writer")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        assert cold.post(chunk("throttled"))[0] == 429
    finally:
        client.delete_function_concurrency(FunctionName=name)


def test_storage_trouble_is_500_and_says_nothing(
    cold: Endpoint, receivers: Mapping[str, Twin], clouds: Session
) -> None:
    key = cold.post(chunk("trouble"))[1]["key"]

    async def spoil() -> None:
        async with open_tiers(root_of(clouds), receivers[COLD]) as stores:
            assert stores.cold is not None
            await stores.cold.create(
                RECEIPT_PREFIX + key, b"no receipt", sha256=hashlib.sha256(b"no receipt").hexdigest()
            )

    run(spoil())
    assert cold.post(chunk("trouble", again=True)) == (
        500,
        {"error": "the storage failed; the reason is in the writer's log"},
    )


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_a_repeated_chunk_is_the_same_200_and_other_content_is_409(
    compression: str, cold: Endpoint, receivers: Mapping[str, Twin], clouds: Session
) -> None:
    device = f"repeat-{compression}"
    body = json.dumps(chunk(device, compression=compression), ensure_ascii=False, indent=1).encode()
    status, receipt = cold.post(body)
    assert (status, receipt["written"]) == (200, 2)
    assert cold.post(gzip.compress(body), content_encoding="gzip") == (200, receipt)
    status, conflict = cold.post(chunk(device, compression=compression, items=chunk(device)["items"][::-1]))
    assert (status, conflict["key"], conflict["sha256"]) == (409, receipt["key"], receipt["sha256"])
    stored = contents(clouds, receivers[COLD], "cold", f"{device}/")
    assert list(stored) == [receipt["key"]]
    assert stored[receipt["key"]] in body, "byte for byte as it was sent"
    assert hashlib.sha256(stored[receipt["key"]]).hexdigest() == receipt["sha256"]


def test_a_sealed_key_takes_nothing_else(cold: Endpoint) -> None:
    seal = chunk("sealed", items=[], seal=True)
    status, receipt = cold.post(seal)
    assert (status, receipt["sealed"], receipt["written"]) == (200, True, 0)
    assert cold.post(seal) == (200, receipt)
    assert cold.post(chunk("sealed"))[1]["sha256"] == receipt["sha256"]
    taken = cold.post(chunk("taken"))[1]
    assert cold.post(chunk("taken", items=[], seal=True))[1]["sha256"] == taken["sha256"]


def test_a_chunk_that_was_archived_is_confirmed_from_its_receipt_and_cannot_be_sealed(
    cold: Endpoint, receivers: Mapping[str, Twin], clouds: Session
) -> None:
    receipt = cold.post(chunk("archived", again=True))[1]

    archive_as_the_mover_does(clouds, receivers[COLD], receipt)
    assert cold.post(chunk("archived", again=True)) == (200, receipt)
    assert contents(clouds, receivers[COLD], "cold", "archived/") == {}
    status, conflict = cold.post(chunk("archived", items=[], seal=True))
    assert (status, conflict["sha256"]) == (409, receipt["sha256"])


def test_both_questions_are_answered_from_what_is_there(
    cold: Endpoint, receivers: Mapping[str, Twin], clouds: Session
) -> None:
    asked = chunk("asked", look=True)
    del asked["items"]
    highest = {"iot_device_id": "asked", "highest": True}
    assert cold.post(asked)[1]["sha256"] is None
    assert cold.post(highest) == (200, {"iot_device_id": "asked", "highest": 0})
    receipt = cold.post(chunk("asked"))[1]
    assert cold.post(chunk("asked", chunk_index=10_000_007, sha256=receipt["sha256"]))[0] == 200
    told = (200, {"key": receipt["key"], "looked": True, "sha256": receipt["sha256"]})
    assert cold.post(asked) == told
    assert cold.post(highest)[1]["highest"] == 1

    archive_as_the_mover_does(clouds, receivers[COLD], receipt)

    async def store_a_later_number() -> None:
        async with open_tiers(root_of(clouds), receivers[COLD]) as stores:
            assert stores.archive is not None
            name = receipt["key"].replace("chunk-00001", "chunk-00041")
            await stores.archive.create(name, b"[]", sha256=hashlib.sha256(b"[]").hexdigest())

    run(store_a_later_number())
    assert cold.post(asked) == told
    assert cold.post(highest)[1]["highest"] == 41, "the archive is on this cloud too"
    for question in (highest, asked, chunk("asked")):
        status, answer = cold.post({**question, "iot_device_id": "~asked"})
        assert (status, answer["field"]) == (400, "iot_device_id")


@pytest.mark.parametrize("seed", range(4))
def test_parts_lost_doubled_and_reordered_end_in_one_right_object(
    seed: int, archive: Endpoint, receivers: Mapping[str, Twin], clouds: Session
) -> None:
    chance = random.Random(seed)
    key, body = f"parts-{seed}/传感器.json", chance.randbytes(50_000)
    parts = parts_of(key, body, 6)
    sent = [part for part in parts if chance.random() < 0.7] * 2
    chance.shuffle(sent)
    missing = {part["part_number"] for part in parts} - {part["part_number"] for part in sent}
    answers = [archive.post(part) for part in sent]
    assert {status for status, _ in answers} <= {200}
    while missing:
        number = chance.choice(sorted(missing))
        status, answer = archive.post(parts[number - 1])
        assert status == 200
        missing = set(answer.get("pending", ()))
    receipt = {"written": len(body), "key": key, "sha256": hashlib.sha256(body).hexdigest()}
    assert archive.post(chance.choice(parts)) == (200, receipt)
    assert contents(clouds, receivers[ARCHIVE], "archive", f"parts-{seed}/") == {key: body}
    other = parts_of(key, body[::-1], 6)[0]
    assert archive.post(other)[1]["sha256"] == receipt["sha256"]


def test_two_last_parts_at_once_both_get_the_receipt(archive: Endpoint) -> None:
    body = bytes(range(256)) * 40
    first, *last = parts_of("at-once", body, 3)
    archive.post(first)
    archive.post(last[0])
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(archive.post, [last[1]] * 4))
    receipt = {"written": len(body), "key": "at-once", "sha256": hashlib.sha256(body).hexdigest()}
    assert answers == [(200, receipt)] * 4


def test_parts_that_do_not_unpack_are_discarded_so_that_right_ones_can_follow(archive: Endpoint) -> None:
    content = b"x" * 3000
    digest = hashlib.sha256(content).hexdigest()
    changes = {"content_encoding": "GZIP", "sha256": digest}
    answers = [archive.post(part) for part in parts_of("unpack", b"no gzip at all", 2, **changes)]
    assert (answers[-1][0], answers[-1][1]["field"]) == (400, "content_encoding")
    answers = [archive.post(part) for part in parts_of("unpack", gzip.compress(content), 2, **changes)]
    assert (answers[-1][0], answers[-1][1]["sha256"]) == (200, digest)


def test_an_object_cut_otherwise_after_a_crash_is_completed_and_leaves_no_part(
    archive: Endpoint, receivers: Mapping[str, Twin], clouds: Session
) -> None:
    body = random.Random(7).randbytes(9_000)
    assert archive.post(parts_of("recut", body, 3)[0])[1]["pending"] == [2, 3]
    answers = [archive.post(part) for part in parts_of("recut", body, 2)]
    assert answers[0][1]["pending"] == [2]
    assert answers[1] == (200, {"written": 9_000, "key": "recut", "sha256": hashlib.sha256(body).hexdigest()})
    assert archive.post({**parts_of("recut-2", body, 2)[0], "sha256": None})[1]["field"] == "sha256"
    parts = hashlib.sha256(b"recut").hexdigest(), hashlib.sha256(b"recut-2").hexdigest()
    assert [contents(clouds, receivers[ARCHIVE], "archive", f"_l3kit/parts/{part}/") for part in parts] == [{}, {}]


def test_numbers_of_a_part_that_does_not_say_that_it_is_one_are_refused(archive: Endpoint) -> None:
    drawn = parcel("no-part", part_number=4111, total_parts=279, more={"unknown": []})
    assert archive.post(drawn)[1]["field"] == "is_multipart"


@pytest.mark.parametrize("lost", [None, 2])
def test_a_mover_by_the_seed_is_served_and_its_items_are_there_once(
    lost: int | None, cold: Endpoint, receivers: Mapping[str, Twin], clouds: Session
) -> None:
    device = f"seed-{lost}"
    table = table_of(device, 60)
    mover, wanted = SeedMover(device, dict(table)), list(table.values())
    left = 0 if lost is None else 4

    def send_it(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        nonlocal left
        answer = cold.post(body)
        if body["chunk_index"] == lost and left:
            left -= 1
            raise ConnectionError
        return answer

    if lost is not None:
        with pytest.raises(GivenUpError):
            mover.run(send_it)
    ours = chunk(device)
    assert cold.post(ours)[0] == 200
    mover.run(send_it)
    stored = contents(clouds, receivers[COLD], "cold", f"{device}/")
    assert len(stored) > 3
    items = sorted((item for body in stored.values() for item in json.loads(body)), key=lambda item: item["id"])
    assert items == [*wanted, *ours["items"]]
    for key, body in stored.items():
        parsed = parse_object_key(key)
        assert parsed is not None
        assert (parsed.start, parsed.end) == (json.loads(body)[0]["id"], json.loads(body)[-1]["id"])
