"""How large a request may be that a writer on another cloud takes; the deployer tells it to the sender."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BYTES_VARIABLE = "RECEIVER_LIMIT_BYTES"
COUNTS_VARIABLE = "RECEIVER_LIMIT_COUNTS"
MAX_LIMIT_BYTES = 1024**3


@dataclass(frozen=True, slots=True)
class ReceiverLimit:
    """A cloud's limit for requests to its functions.

    Attributes:
        max_bytes: at least those of SMALLEST_LIMIT, which every part of an archived object must fit.
        counts: the `body` as it is sent; or the `event`, JSON that the cloud makes of headers and body.
    """

    max_bytes: int
    counts: Literal["body", "event"]

    def variables(self) -> dict[str, str]:
        """The limit as environment variables of a sender."""
        return {BYTES_VARIABLE: str(self.max_bytes), COUNTS_VARIABLE: self.counts}


SMALLEST_LIMIT = ReceiverLimit(6_291_556, "event")
"""What every receiver takes: AWS Lambda's quota of 6 MB for the event of a synchronous call. It holds for a sender
that is not told its receiver's limit, such as one that 0.1.0 deployed."""
