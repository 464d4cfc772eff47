"""The whole chain in one process: what was delivered is in the hot tier or in the dead letters."""

from __future__ import annotations

import itertools
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.tiering.transfer.signing import SIGNATURE_HEADER
from tests.support.chain import MIXED, ChainWorld, reading
from tests.support.wire_server import TOKEN

LAYOUTS = list(itertools.product(["aws", "azure"], ["aws", "gcp"], ["aws", "gcp"]))
"""Layers 1 and 2 and the hot tier on one cloud, on two, on three: each link used and not used."""
BAD = (
    b"not json",
    b'{"deviceId":"sensor-1"}',
    b'{"id":"2026-03-01T10:00:00Z"}',
    b'{"deviceId":"stranger","time":"2026-03-01T10:00:00Z"}',
    b'{"deviceId":"sensor-1","time":"1970-01-01T00:00:05Z"}',
    b'{"deviceId":"sensor-1","time":"2026-03-01T10:00:00Z","v":NaN}',
    b"\xff\xfe",
    b"[1",
)


@pytest.mark.parametrize(("l1", "l2", "hot"), LAYOUTS, ids=map("-".join, LAYOUTS))
def test_messages_arrive_over_every_layout(l1: str, l2: str, hot: str) -> None:
    world = ChainWorld(l1, l2, hot)
    counts = world.deliver(*MIXED)
    assert counts.to_json() == {"stored": 3, "same": 1, "superseded": 1, "dead": 2}
    world.check_conserved(MIXED)


@settings(max_examples=25)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(BAD),
            st.builds(
                reading,
                st.integers(0, 2),
                st.sampled_from(["sensor-1", "sensor-2"]),
                v=st.sampled_from([1, 2, "1", None, [1], {"a": 1}]),
            ),
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_any_messages_are_in_the_hot_tier_once_or_in_the_letters_with_their_reason(
    messages: list[bytes], twice: bool
) -> None:
    world = ChainWorld()
    counts = world.deliver(*messages)
    assert counts.total == len(messages)
    if twice:
        world.deliver(*messages)
    world.check_conserved(messages)


def test_a_list_in_one_body_is_its_messages_and_a_bad_one_among_them_stops_no_other() -> None:
    world = ChainWorld()
    body = b"[%b,{},%b]" % (reading(1, v=1.10), reading(2))
    assert world.deliver(body).to_json() == {"stored": 2, "same": 0, "superseded": 0, "dead": 1}
    assert [letter.message for letter in world.letters()] == [b"{}"]


@pytest.mark.parametrize(("l1", "l2", "hot"), [("aws", "aws", "aws"), ("azure", "gcp", "aws")])
def test_an_item_arrives_exactly_as_sent(l1: str, l2: str, hot: str) -> None:
    world = ChainWorld(l1, l2, hot)
    odd = rb'"n":1.10,"big":123456789012345678901234567890.5,"e":1e-400,"t":"\u00e9\n","z":-0.0,"deep":{"b":[1.0,2]}'
    world.deliver(b'{"timestamp":1772359200,' + odd + b',"device_id":"sensor-1"}')
    (item,) = world.stored().values()
    assert item == b'{"iotDeviceId":"sensor-1","id":"2026-03-01T10:00:00Z",' + odd + b"}"


def test_signed_links_carry_messages_and_no_token() -> None:
    world = ChainWorld("azure", "gcp", "aws", clock=datetime.now(UTC), signed=True)
    assert world.deliver(*MIXED).to_json() == {"stored": 3, "same": 1, "superseded": 1, "dead": 2}
    assert len(world.requests) == 2
    for headers in world.requests:
        assert SIGNATURE_HEADER in headers
        assert not any(TOKEN in value for value in headers.values())


def test_a_function_of_the_chain_loads_what_it_needs_only() -> None:
    """A client for other clouds takes as long to import as all else."""
    code = "import sys, l3kit.tiering.runtime.chain; print([m for m in ('requests', 'pydantic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
