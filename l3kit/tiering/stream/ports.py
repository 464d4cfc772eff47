"""Ports of the message chain other than stores: calls of a function, and feedback to a device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as a source delivers it, at least once.

    Attributes:
        body: exactly the bytes that the device sent.
        device: the sender's id at the source; None if unknown.
        received: when the source accepted it, UTC; None if unknown.
    """

    body: bytes
    device: str | None = None
    received: datetime | None = None


class Peers(Protocol):
    """The other functions of the twin on the same cloud."""

    async def call(self, function: str, event: bytes) -> bytes:
        """Call a function and wait for its answer. Calling again after a lost answer has the same effect.

        Args:
            function: as in FUNCTIONS, e.g. `persister`.
            event: JSON.
        Returns: its answer, JSON.
        Raises: CallError if it failed, was not reached, or did not answer; whether it took effect is unknown.
        """

    async def close(self) -> None:
        """Close connections."""


class Feedback(Protocol):
    """Feedback to devices, if layer 1 has it."""

    async def send(self, device_id: str, payload: bytes) -> None:
        """Send a message to a device, at least once if it is connected. Raises: CallError."""

    async def close(self) -> None:
        """Close connections."""
