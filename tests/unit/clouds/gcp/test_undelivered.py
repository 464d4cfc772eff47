"""Text objects of the dead-letter topic's Cloud Storage subscription."""

from __future__ import annotations

import json

import pytest

from l3kit.clouds.gcp.undelivered import undelivered

NAME = "pubsub/twin/2026-03-01T10:00:00+00:00_5f0c"
ONE, PRETTY = b'{"deviceId":"a","v":1.10}', json.dumps({"deviceId": "b", "list": [{"n": 1}]}, indent=1).encode()
DIGITS = b'{"n":' + b"9" * 5000 + b"}"


@pytest.mark.parametrize(
    "messages",
    [
        (ONE,),
        (ONE, PRETTY, ONE),
        (DIGITS, PRETTY),
        (b"nonsense", ONE),
        (b"1,2", b"3,4"),
        (b"[1]", ONE),
        (b'{"v":NaN}',),
    ],
)
def test_messages_are_told_apart_to_the_byte(messages: tuple[bytes, ...]) -> None:
    found = undelivered(NAME, b"".join(message + b"\n" for message in messages))
    assert found is not None
    assert (found.events, found.unread) == (messages, "")


def test_empty_lines_are_no_messages() -> None:
    found = undelivered(NAME, b"\r\n" + ONE + b"\n\n" + PRETTY + b" \r\n\n")
    assert found is not None
    assert (found.events, found.unread) == ((ONE, PRETTY), "")


@pytest.mark.parametrize("rest", [b'{"a":\n1', b"[1,\n2", b"{} {}\n", b"[" * 100_000])
def test_what_does_not_tell_where_its_messages_end_is_not_cut(rest: bytes) -> None:
    found = undelivered(NAME, ONE + b"\n" + rest)
    assert found is not None
    assert found.events == (ONE,)
    assert f"from character {len(ONE) + 1} on" in found.unread


def test_an_object_that_is_not_utf_8_is_not_cut() -> None:
    found = undelivered(NAME, b"\xff\n")
    assert found is not None
    assert (found.events, found.unread.startswith("it is not UTF-8")) == ((), True)


def test_any_other_object_is_none_of_them() -> None:
    assert undelivered("notes.txt", ONE) is None
