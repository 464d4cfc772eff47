"""A bug that is planted on purpose."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """A deliberate bug.

    Attributes:
        file: path in the project.
        old, new: text and replacement; `old` occurs exactly once.
        tests: tests that must detect it.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
