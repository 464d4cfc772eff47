"""Events between functions: how messages are cut, put together, taken apart and counted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.errors import CallError
from l3kit.tiering.format.messages import MessageRefusedError, Telemetry
from l3kit.tiering.stream.batches import (
    FRAME_BYTES,
    Counts,
    call_of,
    confirmed,
    counts_in,
    cut,
    envelope_pieces,
    event_of,
    messages_in,
    received_in,
    size_in_call,
)
from l3kit.tiering.stream.receipts import receipts_of


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=40), max_size=30), st.integers(1, 7))
def test_batches_hold_every_message_in_order_and_keep_their_limits(messages: list[bytes], most: int) -> None:
    limit = FRAME_BYTES + 50
    batches = list(cut(messages, len, limit, most))
    assert [one for batch in batches for one in batch] == messages
    for batch in batches:
        assert 1 <= len(batch) <= most
        assert len(event_of(batch, "aws")) <= limit or len(batch) == 1


def test_a_message_over_the_limit_is_a_batch_of_its_own() -> None:
    assert list(cut([b"a", b"x" * 500, b"b"], len, 300)) == [[b"a"], [b"x" * 500], [b"b"]]


NAMES = st.sampled_from(["messages", "a]}", '"', "source_cloud"])
MESSAGES = st.dictionaries(NAMES, st.sampled_from(["]}", [], {}, 1]))


@settings(max_examples=40)
@given(st.lists(MESSAGES, max_size=4), st.sampled_from(["aws", "my-cloud"]))
def test_an_event_gives_back_the_exact_bytes(messages: list[Any], cloud: str) -> None:
    bodies = [json.dumps(message).encode() for message in messages]
    assert messages_in(event_of(bodies, cloud)) == bodies
    assert messages_in(b"[%b]" % b",".join(bodies)) == bodies
    items = [Telemetry("d", "1", body) for body in bodies]
    assert json.loads(b"".join(envelope_pieces(items, cloud))) == {"source_cloud": cloud, "payload": messages}
    assert call_of(items, cloud) == event_of(bodies, cloud)


TIMES = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))


@settings(max_examples=40)
@given(st.lists(st.tuples(MESSAGES, TIMES), max_size=4))
def test_times_of_receipt_travel_beside_the_messages(sent: list[tuple[Any, datetime | None]]) -> None:
    items = [Telemetry("d", "1", json.dumps(message).encode(), received) for message, received in sent]
    event = call_of(items, "aws")
    assert messages_in(event) == [item.json for item in items]
    assert received_in(event, len(items)) == [item.received for item in items]
    assert len(event) <= FRAME_BYTES + sum(size_in_call(item) + 1 for item in items)
    told = json.loads(b"".join(envelope_pieces(items, "aws")))
    assert told["payload"] == [message for message, _ in sent]
    assert receipts_of(json.dumps(told.get("received")).encode(), len(items)) == [item.received for item in items]


@pytest.mark.parametrize(
    ("member", "received"),
    [
        ('"received":["2026-03-01T11:00:00+01:00",null],', [datetime(2026, 3, 1, 10, tzinfo=UTC), None]),
        ('"received":["2026-03-01T10:00:00Z"],', [None, None]),
        ('"received":["noon",5],', [None, None]),
        ('"received":["2026-03-01T10:00:00","0001-01-01T00:00:00+01:00"],', [None, None]),
        ('"received":[1,],', [None, None]),
        ('"received":null,', [None, None]),
        ("", [None, None]),
    ],
)
def test_a_time_of_receipt_that_is_missing_or_malformed_is_unknown_and_stops_nothing(
    member: str, received: list[datetime | None]
) -> None:
    for event in (
        f'{{{member}"source_cloud":"aws","messages":[1,2]}}',
        f'{{"source_cloud":"aws",{member}"messages":[1,2]}}',
    ):
        assert messages_in(event.encode()) == [b"1", b"2"]
        assert received_in(event.encode(), 2) == received


@pytest.mark.parametrize(
    ("event", "messages"),
    [
        (b'{"iotDeviceId":"a","id":"b"}', [b'{"iotDeviceId":"a","id":"b"}']),
        (b'{ "messages" : [ 1.10 , {"a":1e400}] , "source_cloud" : "gcp" }', [b"1.10", b'{"a":1e400}']),
        (b'{"messages":[]}', []),
        (b'{"messages":[1],"iotDeviceId":"a"}', [b'{"messages":[1],"iotDeviceId":"a"}']),
        (b'{"messages":[1,,2]}', [b'{"messages":[1,,2]}']),
        (b"nonsense", [b"nonsense"]),
        (b'{"messages":[NaN,{"v":1,"v":2}]}', [b"NaN", b'{"v":1,"v":2}']),
    ],
)
def test_an_event_is_an_envelope_a_list_or_one_message(event: bytes, messages: list[bytes]) -> None:
    assert messages_in(event) == messages


def test_a_list_that_cannot_be_taken_apart_is_refused_as_a_whole() -> None:
    with pytest.raises(MessageRefusedError):
        messages_in(b"[1,,2]")


@pytest.mark.parametrize(
    "answer",
    [b"", b"null", b"[]", b"{}", b'{"stored":2}', b'{"stored":1,"same":0,"superseded":0,"dead":0}']
    + [b'{"stored":%b,"same":1,"superseded":1,"dead":1}' % odd for odd in (b"-1", b"2.0", b"true", b'"2"')],
)
def test_an_answer_that_does_not_account_for_every_message_is_an_error(answer: bytes) -> None:
    with pytest.raises(CallError, match="persister"):
        confirmed("persister", answer, 2)


def test_counts_add_up_and_name_what_was_filtered_only_where_something_was() -> None:
    counts = Counts(stored=1, dead=2) + Counts(same=3, superseded=4)
    assert counts.to_json() == {"stored": 1, "same": 3, "superseded": 4, "dead": 2}
    filtered = counts + Counts(filtered=5)
    assert (filtered.total, filtered.to_json()["filtered"]) == (15, 5)
    assert counts_in(filtered.to_json(), 15) == filtered
