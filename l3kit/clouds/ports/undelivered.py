"""Dead letters written by a cloud's own delivery: messages that the first function of the chain did not take.

Each cloud reads its own forms (`Cloud.undelivered`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Undelivered:
    """An object of a cloud's own delivery.

    Attributes:
        cause: why the messages were not delivered, in the cloud's words.
        events: for the dispatcher, one for each delivery: a mapping in the form of the cloud's source, or a message's
            bytes.
        device: the sender, if it is known and a single device.
        received: when the source took the message; None if unknown.
        unread: why part of the object could not be read as messages; empty if all was read. Such an object must stay.
    """

    cause: str
    events: tuple[Mapping[str, Any] | bytes, ...]
    device: str | None = None
    received: datetime | None = None
    unread: str = ""
