"""The choice of the items of a file that are loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from l3kit.tiering.format.messages import Telemetry


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of items.

    Attributes:
        name: the same in any process: a load continues only one with the same choice.
        takes: whether an item is loaded at all.
    """

    name: str
    takes: Callable[[Telemetry], bool]


ALL = Choice("", lambda item: True)
