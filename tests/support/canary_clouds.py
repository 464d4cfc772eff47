"""Clouds with a message chain, tiers and a mover in memory, through which a canary is sent."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from l3kit.errors import L3Error, ProvisioningError
from l3kit.operate.verify.canary_trip import CanaryTrip
from l3kit.operate.verify.message_way import Waits
from l3kit.operate.verify.way_in import WayIn
from l3kit.session import Session
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.movers.hot_to_cold import HotToCold
from l3kit.tiering.movers.local_target import LocalTarget
from l3kit.twin.layout import MOVERS, Layout
from tests.support.chain import DEVICES, NOW, ChainWorld
from tests.support.letter_clouds import LetterCloud
from tests.support.memory_stores import MemoryJournalStore, MemoryObjectStore

RUNS = itertools.count()
IN_VAIN = 0.2
"""Seconds that are waited for a canary that does not come."""


@dataclass
class TierCloud(LetterCloud):
    """One cloud as an operator reaches it.

    Attributes:
        gone: functions that are not deployed.
        mover_error: what calling the mover raises.
        knows_canaries: whether the mover's version does.
    """

    journal: Any = field(default_factory=MemoryJournalStore)
    cold: Any = field(default_factory=lambda: MemoryObjectStore("cold"))
    gone: set[str] = field(default_factory=set)
    mover_error: BaseException | None = None
    knows_canaries: bool = True

    def hot_store(self, twin: Any) -> Any:
        return self.world.hot

    def journal_store(self, twin: Any) -> Any:
        return self.journal

    def object_store(self, twin: Any, tier: str) -> Any:
        return super().object_store(twin, tier) if tier == "letters" else self.cold

    def invoke(self, twin: Any, function: str, event: Mapping[str, Any] | bytes) -> Any:
        if function in self.gone:
            raise ProvisioningError(function, "is not deployed", "Run deploy_l3 first")
        if function == MOVERS[0]:
            assert isinstance(event, Mapping)
            return self._move(event)
        return super().invoke(twin, function, event)

    def _move(self, event: Mapping[str, Any]) -> dict[str, Any]:
        if self.mover_error is not None:
            raise self.mover_error
        mover = HotToCold(
            hot=self.world.hot,
            journal=self.journal,
            target=LocalTarget(self.cold, "none"),
            devices=DEVICES,
            now=NOW,
            hot_days=30,
            run_id=f"run-{next(RUNS)}",
            clock=lambda: NOW,
            remaining=lambda: 900.0,
        )
        canary = event.get("canary") is True and self.knows_canaries
        return asyncio.run(mover.run_canary() if canary else mover.run()).to_json()


@dataclass
class CanaryWorld:
    """A chain on clouds that a session reaches.

    Attributes:
        unreached: clouds that it does not reach.
        way_in: another way into layer 1 than the dispatcher called directly.
    """

    chain: ChainWorld
    has_chain: bool = True
    unreached: set[str] = field(default_factory=set)
    way_in: WayIn | None = None
    clouds: dict[str, TierCloud] = field(init=False)

    def __post_init__(self) -> None:
        self.clouds = {name: TierCloud(self.chain, name) for name in self.chain.letter_stores}
        for store in self.chain.letter_stores.values():
            store.now = NOW

    @property
    def twin(self) -> Any:
        chain, hot = self.chain, self.chain.hot_cloud
        layers = {"l1": chain.l1, "l2": chain.l2} if self.has_chain else {}
        config = SimpleNamespace(time_digits=chain.config.get("time_digits", 0))
        return SimpleNamespace(name="twin", layout=Layout(hot, hot, hot, **layers), config=config)

    @property
    def hot_cloud(self) -> TierCloud:
        return self.clouds[self.chain.hot_cloud]

    def trip(self, *clouds: str, sleep: Callable[[float], None] = time.sleep) -> CanaryTrip:
        reached = {name: cloud for name, cloud in self.clouds.items() if name not in self.unreached}
        session: Any = Session("live", reached)  # type: ignore[arg-type]
        waits = Waits(arrival=IN_VAIN if self.way_in else 60.0, poll=0.01, letters=0.05, call=60.0)
        return CanaryTrip(session, self.twin, clouds, waits=waits, way_in=self.way_in, clock=lambda: NOW, sleep=sleep)

    def left(self) -> list[str]:
        """Everything of a canary that is somewhere; its record in the journal is not counted."""
        hot = [f"hot {key}" for key in self.chain.hot.devices.get(CANARY_DEVICE, {})]
        cold = [f"cold {key}" for key in self.hot_cloud.cold.objects if CANARY_DEVICE in key]
        letters = [f"letter {letter.problem}" for letter in self.chain.letters() if b"canary" in letter.message]
        return [*hot, *cold, *letters]


def broken(function: str) -> L3Error:
    return L3Error(function, "failed: no memory", "See its log")
