"""Values come out of any hot store exactly as they went into any other, or are refused; nothing is bent."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from l3kit.errors import ItemRefusedError
from l3kit.providers import BUILT_IN
from l3kit.sandbox import SandboxState
from l3kit.tiering.ports import HotStore
from tests.conformance import backends
from tests.conformance.backends import Backend

pytestmark = pytest.mark.sandbox
END = "\U0010ffff"
PROVIDERS = tuple(BUILT_IN)
PAIRS = list(itertools.permutations(PROVIDERS, 2))
VALUES: dict[str, Any] = {
    "texts": ["", " ", "传感器 🌡", 'quotes " \\ \n \u2028 \x00', "x" * 2000],
    "numbers": [0, -1, 2**53, 2**53 + 1, -(2**63), 2**64, Decimal("0.1"), Decimal("1E+2"), Decimal("-0.000001")],
    "long number": Decimal("12345678901234567890123456789.012345678"),
    "constants": [None, True, False],
    "nested": {"": {"": [{}, [], [[1, [2, [None]]]], {"键": {"$a": 1, "b": [""]}}]}},
    "binary": {"$binary": "AAECAw=="},
    "sets": [{"$stringSet": ["a", "传"]}, {"$numberSet": [1, Decimal("2.5")]}, {"$binarySet": ["AA==", "AQ=="]}],
    "escaped maps": [{"$map": {name: "no tag"}} for name in ("$binary", "$map", "$number", "$foreign", "$timestamp")],
    "of Firestore": [{"$timestamp": "2026-01-01T00:00:00.000000Z"}, {"$geoPoint": [Decimal("48.2"), Decimal("16.4")]}],
    "reserved names": {"_ts": 1, "_etag": "x", "ttl": 5, "_rid": None, "__a__": {"__b__": 1}, "a.b": 1, "`": 2},
}


def item(value: Any) -> bytes:
    """Chunk JSON; decimals digit by digit."""
    content = {"iotDeviceId": "d", "id": "2026-01-01T00:00:00Z", "value": value}
    text = json.dumps(content, default=lambda number: f"\ue000{number}\ue000")
    return text.replace('"\\ue000', "").replace('\\ue000"', "").encode()


def exact(content: bytes) -> Any:
    """With numbers as decimals; attributes in any order."""
    return json.loads(content, parse_float=Decimal, parse_int=Decimal)


def through(stores: list[Callable[[], HotStore]], start: bytes) -> list[bytes]:
    """What each store gives back of what the one before gave."""

    async def run() -> list[bytes]:
        found = [start]
        for make in stores:
            store = make()
            try:
                await store.put_items("d", [found[-1]])
                page = await store.read_page("d", before=END)
                assert not page.refused
                found += page.items
            finally:
                await store.close()
        return found

    return asyncio.run(run())


@pytest.fixture(scope="module")
def by_cloud(all_clouds: SandboxState, aws: Callable[[str], Any]) -> dict[str, Backend]:
    return {
        "aws": backends.aws(all_clouds, aws),
        "azure": backends.azure(all_clouds),
        "gcp": backends.gcp(all_clouds),
    }


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_value_goes_from_one_hot_store_into_another_and_back(
    by_cloud: dict[str, Backend], first: str, second: str, name: str
) -> None:
    stores = [by_cloud[cloud].hot for cloud in (first, second, first)]
    found = through(stores, item(VALUES[name]))
    assert len(found) == 4
    assert [exact(one) for one in found[1:]] == [exact(found[0])] * 3


def canonical(drawn: dict[str, Any]) -> dict[str, Any]:
    """A map that looks like a tag is written as one that is none."""
    return {"$map": drawn} if len(drawn) == 1 and next(iter(drawn)).startswith("$") else drawn


KEYS = st.sampled_from(["a", "", "$x", "ü", "_ts", "b.c", "$map", "$foreign"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(10**37), 10**37) | st.decimals(-(10**9), 10**9, places=6).map(Decimal.normalize)
JSON = st.recursive(
    st.none() | st.booleans() | TEXTS | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=2).map(canonical),
    max_leaves=8,
)


@settings(max_examples=10, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(value=JSON)
def test_any_value_goes_round_through_all_hot_stores(by_cloud: dict[str, Backend], value: Any) -> None:
    found = through([by_cloud[cloud].hot for cloud in (*PROVIDERS, PROVIDERS[0])], item(value))
    assert [exact(one) for one in found] == [exact(found[0])] * 5


@pytest.mark.parametrize(
    ("cloud", "change", "words"),
    [
        ("aws", {"value": Decimal("1." + "1" * 40)}, "exceeds DynamoDB's digits or range"),
        ("aws", {"value": "x" * 409_600}, "DynamoDB allows 409,600"),
        ("azure", {"id": "a/b"}, "a/b"),
        ("azure", {"value": "x" * 2_100_000}, "(?i)2 MB|large|bytes"),
        ("gcp", {"id": "a/b"}, "a/b"),
        ("gcp", {"id": "__x__"}, "reserves"),
        ("gcp", {"value": "x" * 1_100_000}, "(?i)1 MiB|large|bytes"),
    ],
)
def test_what_a_store_cannot_hold_is_refused(
    by_cloud: dict[str, Backend], cloud: str, change: dict[str, Any], words: str
) -> None:
    content = {**json.loads(item(1)), **change}
    text = json.dumps(content, default=str)
    if isinstance(change.get("value"), Decimal):
        text = text.replace(f'"{change["value"]}"', str(change["value"]))
    with pytest.raises(ItemRefusedError, match=words):
        through([by_cloud[cloud].hot], text.encode())
