"""Contract of every hot store for conditional creates and replacements of items."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest

from l3kit.conformance.backend import Backend, Suite
from l3kit.conformance.hot_items import END, MANY, VALUES, delete, item, keys, read_all, use
from l3kit.tiering.ports import Created, Creation, Held, HotStore, Refused

TOO_LARGE = 3 << 20
"""Bytes of text that no cloud's hot store accepts in one item."""
WRITTEN: dict[str, Any] = {
    **VALUES,
    "binary": {"$binary": "AAEC/w=="},
    "texts": {"$stringSet": ["a", "b"]},
    "numbers": {"$numberSet": [1, 2.5]},
    "binaries": {"$binarySet": ["AA==", "AQ=="]},
    "a moment": {"$timestamp": "2026-01-01T00:00:00.000001Z"},
    "a place": {"$geoPoint": [48.2, 16.5]},
}
NUMBERS = ["1.1", "1.10", "-0.0", "1.0000000000000000000001", "12345678901234567890123456789.012345678", "1e-7", "7"]
LONG_NAMES: dict[str, Any] = {f"attribute {n:03d} {'x' * 100}": n for n in range(100)}
"""Longer than a statement of DynamoDB may be."""
ODD_NAMES: dict[str, Any] = dict.fromkeys(
    ("dot.ted", "a b", 'quo"te', "it's", "select", "#a", ":a", "ünï🌡", "_ts", "$a"), 1
)
CONTENTS: dict[str, dict[str, Any]] = {
    "keys alone": {},
    "some values": {"v": 1, "w": {"x": [True, None]}},
    "hundreds of attributes": MANY,
    "long names": LONG_NAMES,
    "odd names": ODD_NAMES,
}
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "changed": ({"v": 1}, {"v": 2}),
    "of another type": ({"v": 1}, {"v": "1"}),
    "removed": ({"v": 1, "w": None}, {"v": 1}),
    "gained": ({"v": 1}, {"v": 1, "added": True}),
    "gained by the key alone": ({}, {"added": True}),
    "gained what the replacement has too": ({}, {"v": 1}),
    "one of hundreds": (MANY, {**MANY, "attribute_299": -1}),
    "one more than hundreds": (MANY, {**MANY, "added": True}),
}


async def stored(store: HotStore, device: str = "d") -> dict[str, Any]:
    """A device's items by sort key, numbers by their value."""
    pages = await read_all(store, device)
    return {key: exact(one) for page in pages for key, one in zip(page.sort_keys, page.items, strict=True)}


def exact(content: bytes) -> Any:
    """An item with exact numbers, which do not compare equal to true or false."""
    return json.loads(content, parse_float=_number, parse_int=_number)


def _number(digits: str) -> tuple[str, Decimal]:
    return "number", Decimal(digits)


def kinds(outcomes: list[Creation]) -> list[type]:
    return [type(outcome) for outcome in outcomes]


async def held_by(store: HotStore, wanted: bytes) -> Held:
    """Return the existing item that prevents a creation."""
    (outcome,) = await store.create_items([wanted])
    assert isinstance(outcome, Held)
    return outcome


class HotCreatesSuite(Suite):
    """Creations and replacements of a hot store; `HotStoreSuite` includes them."""

    def test_an_item_whose_key_is_free_is_created(self, backend: Backend) -> None:
        async def steps(store: HotStore) -> None:
            assert await store.create_items([]) == []
            assert await store.create_items([item("a", v=1)]) == [Created()]
            assert await stored(store) == {"a": exact(item("a", v=1))}

        use(backend, steps)

    def test_what_was_created_is_held_with_the_same_content_when_the_call_is_repeated(self, backend: Backend) -> None:
        async def steps(store: HotStore) -> None:
            items = [item(f"{n:03d}", value=value) for n, value in enumerate(WRITTEN.values())]
            assert kinds(await store.create_items(items)) == [Created] * len(items)
            again = await store.create_items(items)
            assert kinds(again) == [Held] * len(items)
            assert [exact(one.item) for one in again if isinstance(one, Held)] == list(map(exact, items))
            assert list((await stored(store)).values()) == list(map(exact, items))

        use(backend, steps)

    def test_a_taken_key_keeps_and_returns_its_content(self, backend: Backend) -> None:
        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item("a", v=1, old=True)])
            found = await held_by(store, item("a", v=2))
            page = await store.read_page("d", before=END)
            assert found.item == page.items[0], "the same bytes as in a page"
            assert exact(found.item) == exact(item("a", v=1, old=True))

        use(backend, steps)

    def test_each_item_of_several_requests_is_decided_by_itself_and_reported_in_order(self, backend: Backend) -> None:
        names = [f"{n:04d}" for n in range(620)]

        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item(name, v="old") for name in names[::7]])
            await store.put_items("e", [item(names[0], "e", v="old")])
            wanted = [item(name, v="new") for name in names]
            wanted[5] = item(names[5], v="x" * TOO_LARGE)
            wanted[300] = b'{"iotDeviceId":"d"}'
            outcomes = await store.create_items(wanted)
            expected: list[type] = [Held if n % 7 == 0 else Created for n in range(len(names))]
            expected[5] = expected[300] = Refused
            assert kinds(outcomes) == expected
            for name, outcome in zip(names, outcomes, strict=True):
                assert not isinstance(outcome, Held) or exact(outcome.item) == exact(item(name, v="old"))
            there = await stored(store)
            assert {key: one["v"] for key, one in there.items()} == {
                name: "old" if n % 7 == 0 else "new" for n, name in enumerate(names) if expected[n] is not Refused
            }

        use(backend, steps)

    def test_items_of_many_devices_are_created_in_one_call(self, backend: Backend) -> None:
        devices = ["传感器-1", "a/b", "a+b c", "100%", '"', "x" * 200, *(f"sensor-{n}" for n in range(30))]

        async def steps(store: HotStore) -> None:
            await store.put_items("a/b", [item("1", "a/b", v="old")])
            wanted = [item(str(n), device, v="new") for n in range(2) for device in devices]
            outcomes = await store.create_items(wanted)
            at = len(devices) + 1
            assert kinds(outcomes) == [Held if n == at else Created for n in range(len(wanted))]
            for device in devices:
                values = {key: one["v"] for key, one in (await stored(store, device)).items()}
                assert values == {"0": "new", "1": "old" if device == "a/b" else "new"}

        use(backend, steps)

    def test_an_item_that_is_too_large_is_refused_by_name_and_the_others_are_created(self, backend: Backend) -> None:
        async def steps(store: HotStore) -> None:
            outcomes = await store.create_items([item("a"), item("large", text="x" * TOO_LARGE), item("c")])
            assert kinds(outcomes) == [Created, Refused, Created]
            assert isinstance(outcomes[1], Refused)
            assert "d/large" in outcomes[1].reason
            assert keys(await read_all(store)) == ["a", "c"]

        use(backend, steps)

    def test_what_is_no_item_is_refused_and_the_others_are_created(self, backend: Backend) -> None:
        bad = [b"[]", b"{", b'{"iotDeviceId":"d"}', b'{"iotDeviceId":"d","id":7}', b'{"id":"a"}']

        async def steps(store: HotStore) -> None:
            assert kinds(await store.create_items([*bad, item("a")])) == [Refused] * len(bad) + [Created]
            assert keys(await read_all(store)) == ["a"]

        use(backend, steps)

    @pytest.mark.parametrize("name", CONTENTS)
    def test_attributes_of_any_number_and_name_read_back_equal(self, backend: Backend, name: str) -> None:
        async def steps(store: HotStore) -> None:
            wanted = item("a", **CONTENTS[name])
            assert kinds(await store.create_items([wanted, item("b")])) == [Created, Created]
            assert (await stored(store))["a"] == exact(wanted)
            assert exact((await held_by(store, wanted)).item) == exact(wanted)
            assert await store.replace_item(item("a", v="new"), await held_by(store, wanted))
            assert await store.replace_item(wanted, await held_by(store, wanted))
            assert await stored(store) == {"a": exact(wanted), "b": exact(item("b"))}

        use(backend, steps)

    def test_numbers_keep_their_value_to_the_last_digit(self, backend: Backend) -> None:
        def with_number(key: int, digits: str) -> bytes:
            return b'{"iotDeviceId":"d","id":"%d","value":%b}' % (key, digits.encode())

        async def steps(store: HotStore) -> None:
            wanted = [with_number(*each) for each in enumerate(NUMBERS)]
            assert await store.create_items(wanted) == [Created()] * len(wanted)
            again = await store.create_items(wanted)
            assert [exact(one.item) for one in again if isinstance(one, Held)] == list(map(exact, wanted))
            others = [with_number(key, digits[:-1] + "9") for key, digits in enumerate(NUMBERS)]
            for one, held in zip(others, again, strict=True):
                assert isinstance(held, Held)
                assert await store.replace_item(one, held)
            assert list((await stored(store)).values()) == list(map(exact, others))

        use(backend, steps)

    def test_a_held_item_is_replaced_whole(self, backend: Backend) -> None:
        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item("a", v=1, old=True), item("b", v=1)])
            new = item("a", v=2, new={"x": [1.5]})
            assert await store.replace_item(new, await held_by(store, new))
            assert await stored(store) == {"a": exact(new), "b": exact(item("b", v=1))}

        use(backend, steps)

    @pytest.mark.parametrize("name", CHANGES)
    def test_an_item_that_was_rewritten_since_is_not_replaced(self, backend: Backend, name: str) -> None:
        old, changed = CHANGES[name]

        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item("a", **old)])
            new = item("a", v="new")
            found = await held_by(store, new)
            await store.put_items("d", [item("a", **changed)])
            assert not await store.replace_item(new, found)
            assert await stored(store) == {"a": exact(item("a", **changed))}
            assert await store.replace_item(new, await held_by(store, new))
            assert await stored(store) == {"a": exact(new)}

        use(backend, steps)

    def test_an_item_that_is_gone_is_not_replaced(self, backend: Backend) -> None:
        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item("a", v=1)])
            new = item("a", v=2)
            found = await held_by(store, new)
            await delete(store, ["a"])
            assert not await store.replace_item(new, found)
            assert await stored(store) == {}
            assert await store.create_items([new]) == [Created()]

        use(backend, steps)

    def test_of_many_that_create_one_key_at_once_one_wins_and_the_others_see_what_it_wrote(
        self, backend: Backend
    ) -> None:
        async def steps(store: HotStore) -> None:
            wanted = [item("a", v=n) for n in range(8)]
            outcomes = await asyncio.gather(
                *(store.create_items([one, item(f"own {n}")]) for n, one in enumerate(wanted))
            )
            (winner,) = [one for one, outcome in zip(wanted, outcomes, strict=True) if outcome[0] == Created()]
            assert [outcome[1] for outcome in outcomes] == [Created()] * len(wanted)
            assert all(isinstance(outcome[0], Created) or _holds(outcome[0], winner) for outcome in outcomes)
            assert (await stored(store))["a"] == exact(winner)

        use(backend, steps)

    def test_of_many_that_replace_one_version_at_once_one_wins(self, backend: Backend) -> None:
        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item("a", v="old")])
            wanted = [item("a", v=n) for n in range(8)]
            found = await held_by(store, wanted[0])
            won = await asyncio.gather(*(store.replace_item(one, found) for one in wanted))
            (winner,) = [one for one, replaced in zip(wanted, won, strict=True) if replaced]
            assert await stored(store) == {"a": exact(winner)}

        use(backend, steps)


def _holds(outcome: Creation, wanted: bytes) -> bool:
    return isinstance(outcome, Held) and exact(outcome.item) == exact(wanted)
