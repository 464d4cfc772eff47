"""Factories for the stores, peers and feedback channel of a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from l3kit.errors import ConfigurationError

if TYPE_CHECKING:
    from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier
    from l3kit.tiering.stream.ports import Feedback, Peers


def _no_peers(addresses: Mapping[str, str]) -> Peers:
    raise ConfigurationError("functions", "cannot call one another on this cloud", "Put the layers on other clouds")


def _no_feedback(twin: str) -> Feedback:
    raise ConfigurationError("feedback", "this cloud has no way back to devices", "Remove the action from the events")


class Openers(NamedTuple):
    """Factories that open what a function uses; each cloud provides its own, and tests pass others.

    Attributes:
        hot, journal, objects: stores by name.
        peers: the other functions of the twin on the same cloud, given their addresses (`Settings.peers`).
        feedback: the sender of feedback to the devices of a twin, given its name.
    """

    hot: Callable[[str], HotStore]
    journal: Callable[[str], JournalStore]
    objects: Callable[[str, Tier], ObjectStore]
    peers: Callable[[Mapping[str, str]], Peers] = _no_peers
    feedback: Callable[[str], Feedback] = _no_feedback
