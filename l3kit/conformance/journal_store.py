"""Contract of every journal store: compare-and-swap on the version, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from l3kit.conformance.backend import Backend, Suite
from l3kit.tiering.ports import JournalRow, JournalStore


def use(backend: Backend, steps: Callable[[JournalStore], Awaitable[None]]) -> None:
    async def run() -> None:
        store = backend.journal()()
        try:
            await steps(store)
        finally:
            await store.close()

    asyncio.run(run())


class JournalStoreSuite(Suite):
    """All cases of the port `JournalStore`."""

    def test_a_record_begins_with_version_one(self, backend: Backend) -> None:
        async def steps(store: JournalStore) -> None:
            assert await store.load("x") is None
            assert not await store.swap("x", JournalRow(2, {"a": "b"}))
            assert await store.swap("x", JournalRow(1, {"a": "b"}))
            assert not await store.swap("x", JournalRow(1, {"a": "c"}))
            assert await store.load("x") == JournalRow(1, {"a": "b"})

        use(backend, steps)

    def test_a_swap_replaces_the_whole_record_and_only_from_the_version_before(self, backend: Backend) -> None:
        async def steps(store: JournalStore) -> None:
            await store.swap("x", JournalRow(1, {"a": "1", "old": "gone"}))
            assert await store.swap("x", JournalRow(2, {"a": "2"}))
            assert not await store.swap("x", JournalRow(2, {"a": "late"}))
            assert not await store.swap("x", JournalRow(4, {"a": "early"}))
            assert await store.load("x") == JournalRow(2, {"a": "2"})

        use(backend, steps)

    def test_a_record_is_removed_only_in_the_version_that_is_named(self, backend: Backend) -> None:
        async def steps(store: JournalStore) -> None:
            assert await store.remove("x", 1), "a missing record counts as removed"
            await store.swap("x", JournalRow(1, {"a": "1"}))
            await store.swap("x", JournalRow(2, {"a": "2"}))
            await store.swap("y", JournalRow(1, {"a": "other"}))
            assert not await store.remove("x", 1)
            assert await store.load("x") == JournalRow(2, {"a": "2"})
            assert await store.remove("x", 2)
            assert await store.remove("x", 2), "a repeat after a lost answer"
            assert (await store.load("x"), await store.names()) == (None, ["y"])
            assert await store.swap("x", JournalRow(1, {"a": "new"}))
            assert await store.load("x") == JournalRow(1, {"a": "new"})

        use(backend, steps)

    def test_texts_numbers_and_bytes_read_back_equal(self, backend: Backend) -> None:
        row = JournalRow(1, {"text": "传感器", "empty": "", "number": 2**60, "zero": 0, "bytes": bytes(range(256))})

        async def steps(store: JournalStore) -> None:
            await store.swap("device/a/b", row)
            assert await store.load("device/a/b") == row

        use(backend, steps)

    def test_a_record_of_300_kilobytes_fits(self, backend: Backend) -> None:
        row = JournalRow(1, {"bytes": bytes(300_000)})

        async def steps(store: JournalStore) -> None:
            assert await store.swap("x", row)
            assert await store.load("x") == row

        use(backend, steps)

    def test_of_many_swaps_at_once_exactly_one_succeeds(self, backend: Backend) -> None:
        async def steps(store: JournalStore) -> None:
            for version in (1, 2):
                swaps = [store.swap("x", JournalRow(version, {"by": str(n)})) for n in range(20)]
                won = [n for n, success in enumerate(await asyncio.gather(*swaps)) if success]
                assert len(won) == 1
                assert await store.load("x") == JournalRow(version, {"by": str(won[0])})

        use(backend, steps)

    def test_two_processes_see_each_others_swaps_and_never_overwrite_them(self, backend: Backend) -> None:
        async def run() -> None:
            opened = backend.journal()
            one, other = opened(), opened()
            stores = {"one": one, "other": other}
            try:
                assert await one.swap("x", JournalRow(1, {"by": "one"}))
                assert not await other.swap("x", JournalRow(1, {"by": "other"}))
                assert await other.swap("x", JournalRow(2, {"by": "other"}))
                assert not await one.swap("x", JournalRow(2, {"by": "one"})), "it had seen version 1 last"
                assert await one.load("x") == JournalRow(2, {"by": "other"})
                for version in range(3, 13):
                    swaps = (store.swap("x", JournalRow(version, {"by": name})) for name, store in stores.items())
                    won = [name for name, success in zip(stores, await asyncio.gather(*swaps), strict=True) if success]
                    assert len(won) == 1
                    for store in (one, other):
                        assert await store.load("x") == JournalRow(version, {"by": won[0]})
            finally:
                await one.close()
                await other.close()

        asyncio.run(run())

    def test_names_are_sorted_and_chosen_by_prefix(self, backend: Backend) -> None:
        async def steps(store: JournalStore) -> None:
            for name in ("b/2", "a/1", "b/1"):
                await store.swap(name, JournalRow(1, {}))
            assert await store.names() == ["a/1", "b/1", "b/2"]
            assert await store.names("b/") == ["b/1", "b/2"]

        use(backend, steps)
