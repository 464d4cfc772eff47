"""Replaying dead letters: which function a letter's message goes to, and when the letter has done its work. No I/O."""

from __future__ import annotations

import orjson

from l3kit.tiering.stream.batches import counts_in
from l3kit.tiering.stream.letters import ACTION_FAILED, DeadLetter
from l3kit.tiering.stream.persister import CHECKER

_ENTRANCES = {"connector": "dispatcher", "writer": "persister"}
"""Where messages enter again that another function than these set aside; receivers take requests of clouds only."""


def replayed_by(letter: DeadLetter) -> str:
    """The function that takes the letter's message again: the one that set it aside, so that none works on it twice.

    An action runs again at the event checker, since the item itself is stored.
    """
    if letter.problem == ACTION_FAILED:
        return CHECKER
    return _ENTRANCES.get(letter.function, letter.function)


def is_settled(letter: DeadLetter, answer: bytes) -> bool:
    """Whether the letter may be deleted after this answer to its message alone.

    A message that failed again in the same way has exactly this letter, so it must stay.
    """
    try:
        told = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return False
    if replayed_by(letter) == CHECKER:
        return isinstance(told, dict) and (told.get("checked"), told.get("failed"), told.get("dead")) == (1, 0, 0)
    counts = counts_in(told, 1)
    return counts is not None and counts.dead == 0
