"""A message that a device has published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        payload: exactly as published.
        client: MQTT client id of the sender; "" if it was published over HTTP.
        received: when the sandbox received it.
    """

    topic: str
    payload: bytes
    client: str
    received: datetime


class RefusedMessageError(Exception):
    """The cloud of a message's route would refuse it for its size."""

    def __init__(self, service: str, size: int, most: int) -> None:
        super().__init__(f"it has {size:,} bytes, and {service} takes {most:,}")


class Source(Protocol):
    """Delivery of messages to the functions of one cloud."""

    def check(self, message: Message) -> None:
        """Check a message before any source accepts it. Raises: RefusedMessageError."""

    def accept(self, message: Message) -> None:
        """Queue a message for each route with a matching filter, for delivery at least once while the sandbox runs."""

    @property
    def pending(self) -> int:
        """Number of messages accepted and not yet delivered or given up."""

    async def close(self) -> None:
        """Drop everything: the sandbox ends."""
