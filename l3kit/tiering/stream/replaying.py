"""Rules for replaying dead letters: the target of a letter's message, and when the letter can be deleted. No I/O."""

from __future__ import annotations

from enum import Enum

import orjson

from l3kit.tiering.stream.batches import counts_in
from l3kit.tiering.stream.letters import ACTION_FAILED, DeadLetter
from l3kit.tiering.stream.persister import CHECKER

_ENTRANCES = {"connector": "dispatcher", "writer": "persister"}
"""Function to which a replay sends the letters of these receivers, which accept only requests of other clouds."""


def replayed_by(letter: DeadLetter) -> str:
    """The function to which the letter's message is sent again: the one that wrote it, so that no step runs twice.

    An action runs again at the event checker, since the item itself is stored.
    """
    if letter.problem == ACTION_FAILED:
        return CHECKER
    return _ENTRANCES.get(letter.function, letter.function)


class Fate(Enum):
    """Outcome of the messages of one call, by its answer.

    ARRIVED: none is in the dead letters again. AGAIN: all are. MIXED: some are. UNKNOWN: it does not account for all.
    """

    ARRIVED = "arrived"
    AGAIN = "again"
    MIXED = "mixed"
    UNKNOWN = "unknown"


def fate_of(function: str, sent: int, answer: object) -> Fate:
    """Read the answer of a function to a call with `sent` messages; `answer` is parsed JSON."""
    if function == CHECKER:
        return _checked(sent, answer)
    counts = counts_in(answer, sent)
    if counts is None:
        return Fate.UNKNOWN
    if counts.dead == 0:
        return Fate.ARRIVED
    return Fate.AGAIN if counts.dead == counts.total else Fate.MIXED


def _checked(sent: int, answer: object) -> Fate:
    counts = answer if isinstance(answer, dict) else {}
    checked, failed, dead = (counts.get(name) for name in ("checked", "failed", "dead"))
    if type(checked) is not int or type(failed) is not int or type(dead) is not int or checked + dead < sent:
        return Fate.UNKNOWN
    if failed == dead == 0:
        return Fate.ARRIVED
    return Fate.AGAIN if sent == 1 else Fate.MIXED


def shares_calls(message: bytes) -> bool:
    """Return whether the message may be sent with others: it is a JSON object, so it counts once in an answer."""
    try:
        return isinstance(orjson.loads(message), dict)
    except orjson.JSONDecodeError:
        return False
