"""Faults of a request, in the words of Google's APIs."""

from __future__ import annotations

from dataclasses import dataclass

MAX_SHOWN = 200
"""Characters of a name or a value that a fault shows."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request or an answer.

    Attributes:
        field: its place, as a path of field names; blank for the whole message.
    """

    field: str
    description: str


def unknown_name(name: str, at: str, why: str = "Cannot find field.") -> Fault:
    """A name that a message lacks, or that cannot stand as it does."""
    place = f" at '{at}'" if at else ""
    return Fault(at, f'Invalid JSON payload received. Unknown name "{name[:MAX_SHOWN]}"{place}: {why}')


def invalid_value(at: str, why: str) -> Fault:
    return Fault(at, f"Invalid value at '{at}' {why}")
