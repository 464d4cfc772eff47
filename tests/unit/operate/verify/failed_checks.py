"""The checks that failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from l3kit.clouds.ports.checks import Check
from l3kit.tiering.ports import Refused
from tests.support.moving import Instead


def failed(checks: Sequence[Check]) -> list[tuple[str, str]]:
    return [(check.subject, check.seen) for check in checks if not check.passed]


def the_failed(checks: Sequence[Check]) -> Check:
    (check,) = [check for check in checks if not check.passed]
    return check


def full(store: Any) -> Any:
    """The store, which takes no item any more."""

    async def refuse(create: Any, items: Sequence[bytes]) -> list[Refused]:
        return [Refused("the store is full") for _ in items]

    return Instead(store, "create_items", refuse)
