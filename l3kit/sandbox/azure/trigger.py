"""The Event Hubs trigger of an Azure function app."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trigger:
    """An app's Event Hubs trigger.

    Attributes:
        batch: maximum events per call (host.json, maxEventBatchSize).
        retries: attempts after the first; -1 is unlimited.
        delay: seconds between attempts.
    """

    batch: int
    retries: int
    delay: float
