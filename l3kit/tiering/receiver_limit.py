"""The request size limit of a writer on another cloud; the deployer passes it to the sender."""

from __future__ import annotations

from typing import Literal, NamedTuple

BYTES_VARIABLE = "RECEIVER_LIMIT_BYTES"
COUNTS_VARIABLE = "RECEIVER_LIMIT_COUNTS"
MAX_LIMIT_BYTES = 1024**3


class ReceiverLimit(NamedTuple):
    """A cloud's limit for requests to its functions.

    Attributes:
        max_bytes: at least those of SMALLEST_LIMIT, which every part of an archived object must fit.
        counts: what the limit applies to: the `body` as sent, or the `event`, the JSON that the cloud builds from
            headers and body.
    """

    max_bytes: int
    counts: Literal["body", "event"]

    def variables(self) -> dict[str, str]:
        """The limit as environment variables of a sender."""
        return {BYTES_VARIABLE: str(self.max_bytes), COUNTS_VARIABLE: self.counts}


SMALLEST_LIMIT = ReceiverLimit(6_291_556, "event")
"""The limit that every receiver meets: AWS Lambda's quota of 6 MB for the event of a synchronous call.

Senders without a configured limit use it, such as those deployed by 0.1.0.
"""
