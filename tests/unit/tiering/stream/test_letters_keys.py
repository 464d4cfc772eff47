"""Keys of dead letters: one for each sender and message, the same however often the message comes."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from l3kit.tiering.stream.letters import DeadLetter, Letters, problem_of
from tests.support.memory_stores import MemoryObjectStore

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
RECEIVED = datetime(2026, 3, 1, 23, tzinfo=UTC)
SENDERS = st.none() | st.text(min_size=1, max_size=20)
SENT = st.tuples(SENDERS, st.binary(max_size=80))


def letter(sent: tuple[str | None, bytes]) -> DeadLetter:
    device, message = sent
    return DeadLetter("not-json", "cause", "dispatcher", message, device, RECEIVED)


@settings(max_examples=200)
@given(SENT, SENT)
@example(("a", b"bc"), ("ab", b"c"))
@example(("a", b""), ("a\0", b""))
@example((None, hashlib.sha256(b"a").digest() + b"b"), ("a", b"b"))
def test_another_sender_or_another_message_has_another_key(
    one: tuple[str | None, bytes], other: tuple[str | None, bytes]
) -> None:
    assume(one != other)
    assert letter(one).key(NOW) != letter(other).key(NOW)


@settings(max_examples=60)
@given(SENT, st.text(max_size=9), st.sampled_from(["dispatcher", "connector"]))
def test_the_same_message_of_the_same_sender_has_the_same_key_whatever_is_said_of_it(
    sent: tuple[str | None, bytes], cause: str, function: str
) -> None:
    device, message = sent
    again = DeadLetter("not-json", cause, function, message, device, RECEIVED)
    key = letter(sent).key(NOW)
    assert again.key(NOW) == key
    assert DeadLetter.from_json(key, again.to_json()).key(NOW) == key
    assert problem_of(key) == "not-json"


@settings(max_examples=30)
@given(st.binary(max_size=80))
def test_without_a_sender_the_key_is_that_of_earlier_versions(message: bytes) -> None:
    assert letter((None, message)).key(NOW) == f"not-json/2026-03-01/{hashlib.sha256(message).hexdigest()}.json"


def test_the_key_of_a_known_sender_is_as_it_is_documented() -> None:
    digest = hashlib.sha3_256(hashlib.sha256(b"pump-1").digest() + b"nonsense").hexdigest()
    assert letter(("pump-1", b"nonsense")).key(NOW) == f"not-json/2026-03-01/{digest}.json"


def test_each_of_two_senders_of_the_same_bytes_has_one_letter_however_often_they_are_delivered() -> None:
    store = MemoryObjectStore("letters")
    letters = Letters(store, "dispatcher", lambda: NOW)
    for _ in range(2):
        asyncio.run(letters.write([letter(("pump-1", b"nonsense")), letter(("pump-2", b"nonsense"))]))
    kept = [DeadLetter.from_json(key, body) for key, (_, body) in store.objects.items()]
    assert sorted(str(one.device) for one in kept) == ["pump-1", "pump-2"]
