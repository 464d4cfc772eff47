"""A bug that is planted on purpose."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """One bug.

    Attributes:
        file: below the project.
        old, new: the text that is replaced; `old` stands there exactly once.
        tests: where it must be caught.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
