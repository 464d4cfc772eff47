"""Dead letters: what is kept of a message, under which key, and which of them a replay takes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.errors import StoreError
from l3kit.tiering.stream.letters import DeadLetter, Letters, day_of, is_chosen, problem_of, set_apart
from tests.support.memory_stores import MemoryObjectStore
from tests.support.moving import refusing

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
RECEIVED = datetime(2026, 3, 1, 23, tzinfo=UTC)


def letters_in(store: object) -> Letters:
    return Letters(store, "dispatcher", lambda: NOW)  # type: ignore[arg-type]


@settings(max_examples=30)
@given(st.binary(), st.text(st.characters()), st.none() | st.text(st.characters()))
def test_a_letter_keeps_the_exact_bytes_of_its_message(message: bytes, cause: str, device: str | None) -> None:
    letter = DeadLetter("not-json", cause, "dispatcher", message, device, RECEIVED)
    read = DeadLetter.from_json("key", letter.to_json())
    assert (read.message, read.problem, read.function, read.received) == (message, "not-json", "dispatcher", RECEIVED)


def test_people_can_read_a_letter() -> None:
    letter = DeadLetter("no-time", "id: is missing", "persister", b'{"deviceId":"sensor-1"}', "sensor-1")
    assert json.loads(letter.to_json()) == {
        "problem": "no-time",
        "cause": "id: is missing",
        "function": "persister",
        "device": "sensor-1",
        "received": None,
        "message": '{"deviceId":"sensor-1"}',
    }


def test_the_key_is_made_of_the_problem_the_day_and_the_message() -> None:
    key = DeadLetter("no-time", "cause", "persister", b"{}", received=RECEIVED).key(NOW)
    digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert key == f"no-time/2026-03-01/{digest}.json"
    assert DeadLetter("no-time", "another", "writer", b"{}").key(NOW) == f"no-time/2026-03-02/{digest}.json"
    assert problem_of(key) == "no-time"


def test_the_same_message_with_the_same_problem_is_kept_once_whatever_the_words() -> None:
    store = MemoryObjectStore("letters")
    letters = letters_in(store)
    for cause in ("at 10:00", "at 10:05"):
        asyncio.run(letters.write([letters.of("impossible-time", cause, b"{}", received=RECEIVED)]))
    asyncio.run(letters.write([letters.of("no-device", "another problem", b"{}", received=RECEIVED)]))
    assert sorted(problem_of(key) or "" for key in store.objects) == ["impossible-time", "no-device"]


def test_a_letter_that_cannot_be_stored_is_an_error() -> None:
    letters = letters_in(refusing(MemoryObjectStore("letters"), "create", StoreError("bucket", "503")))
    with pytest.raises(StoreError):
        asyncio.run(letters.write([letters.of("no-device", "cause", b"{}")]))


@pytest.mark.parametrize(
    ("named", "taken"),
    [
        ((), ["no-time", "not-json"]),
        (("superseded",), ["superseded"]),
        (("no-time", "superseded"), ["no-time", "superseded"]),
    ],
)
def test_a_replay_skips_superseded_versions_unless_it_names_them(named: Collection[str], taken: list[str]) -> None:
    store = MemoryObjectStore("letters")
    letters = letters_in(store)
    for problem in ("no-time", "not-json", "superseded"):
        asyncio.run(letters.write([letters.of(problem, "cause", problem.encode())]))
    asyncio.run(store.create("twin-dispatcher/2026/failure.json", b"{}", sha256="0" * 64))

    async def chosen() -> list[str]:
        found = [await letters.read(key) async for key in letters.keys(named)]
        assert all(letter.message.decode() == letter.problem for letter in found)
        return [letter.problem for letter in found]

    assert sorted(asyncio.run(chosen())) == taken


def test_objects_of_the_clouds_own_are_told_apart() -> None:
    store = MemoryObjectStore("letters")
    letters = letters_in(store)
    asyncio.run(letters.write([letters.of("no-time", "cause", b"{}")]))
    asyncio.run(store.create("aws/lambda/async/x.json", b"{}", sha256="0" * 64))

    async def others() -> list[str]:
        return [key async for key in letters.others()]

    assert asyncio.run(others()) == ["aws/lambda/async/x.json"]
    assert not is_chosen("aws/lambda/async/x.json")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"problem":1}', b'{"problem":"a","cause":"b","function":"c"}'])
def test_an_object_that_is_no_letter_is_named_and_left(body: bytes) -> None:
    with pytest.raises(StoreError, match="dead letter the-key"):
        DeadLetter.from_json("the-key", body)


def test_a_letter_set_apart_is_still_a_letter_and_the_same_one_can_be_written_anew() -> None:
    store = MemoryObjectStore("letters")
    letters = letters_in(store)
    letter = letters.of("superseded", "cause", b"{}")
    asyncio.run(letters.write([letter]))
    (key,) = store.objects
    apart = asyncio.run(set_apart(store, key, letter, "0" * 32))
    assert list(store.objects) == [apart]
    assert (problem_of(apart), day_of(apart)) == ("superseded", "2026-03-02")
    assert asyncio.run(letters.read(apart)).message == b"{}"
    asyncio.run(letters.write([letter]))
    assert sorted(store.objects) == [apart, key]
    assert asyncio.run(set_apart(store, apart, letter, "1" * 32)) == apart
