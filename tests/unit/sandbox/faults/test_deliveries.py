import asyncio

import pytest

from l3kit.sandbox.faults.deliveries import LateDeliveries


def test_whoever_asks_for_all_deliveries_waits_for_one_under_way() -> None:
    """The caller's last answer may have reached it whole while its request is being delivered again."""

    async def scene() -> list[str]:
        late, begun, may_end, told = LateDeliveries(), asyncio.Event(), asyncio.Event(), list[str]()

        async def deliver() -> None:
            begun.set()
            await may_end.wait()
            told.append("delivered")

        async def ask() -> None:
            await late.deliver_all()
            told.append("answered")

        late.keep(deliver, calls=1)
        due = asyncio.create_task(late.after_a_call(list(late.waiting)))
        await begun.wait()
        asking = asyncio.create_task(ask())
        await asyncio.sleep(0)
        assert (told, late.delivered) == ([], 0)
        may_end.set()
        await asyncio.gather(due, asking)
        assert late.delivered == 1
        return told

    assert asyncio.run(scene()) == ["delivered", "answered"]


def test_a_delivery_that_fails_holds_nobody_up() -> None:
    async def scene() -> int:
        late = LateDeliveries()

        async def deliver() -> None:
            raise ConnectionError("reset")

        late.keep(deliver, calls=1)
        with pytest.raises(ConnectionError):
            await late.after_a_call(list(late.waiting))
        await asyncio.wait_for(late.deliver_all(), 5)
        return late.delivered

    assert asyncio.run(scene()) == 0
