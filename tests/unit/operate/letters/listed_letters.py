"""Letters written into a world, and the list of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from l3kit.operate.letters.listing import letters
from l3kit.tiering.stream.letters import Letters
from tests.support.chain import NOW, ChainWorld
from tests.support.letter_clouds import LetterCloud, session_of, twin_of

OLD = datetime(2026, 2, 20, 8, tzinfo=UTC)


def world_with(*given: tuple[str, str | None, datetime | None]) -> ChainWorld:
    world = ChainWorld()
    kept = Letters(world.letter_stores["aws"], "dispatcher", lambda: NOW)
    made = [
        kept.of(problem, "why", b"%d" % number, device=device, received=received)
        for number, (problem, device, received) in enumerate(given)
    ]
    asyncio.run(kept.write(made))
    return world


def listed(world: ChainWorld, **chosen: Any) -> Any:
    return letters(session_of(LetterCloud(world, "aws")), twin_of(world), **chosen)


THREE = (("no-time", "sensor-1", NOW), ("no-time", None, OLD), ("superseded", "sensor-2", None))
