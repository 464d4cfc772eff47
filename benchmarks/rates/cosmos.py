"""The request units that Cosmos DB gives a container, and how long it asks to wait for more.

Sources (learn.microsoft.com/azure/cosmos-db/):
    concepts-limits: at most 10,000 request units a second of a partition, logical or physical
    serverless-performance: 5,000 request units a second for a serverless container below 250 GB, what l3kit deploys
    request-units, troubleshoot-request-rate-too-large: what exceeds the second's units is answered by 429 with
        x-ms-retry-after-ms; a request that was begun is finished, and its units are taken
    burst-capacity: 300 seconds of idle capacity of a partition below 3,000 units, spent at 3,000 a second; it is
        switched on by account, and off here

Left open there, and taken so: a provisioned container has as many physical partitions as its units need at 10,000
each, with an equal share of the units, and logical partitions are spread over them by a hash.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

from benchmarks.rates.token_bucket import TokenBucket

PARTITION_UNITS = 10_000.0


@dataclass(frozen=True, slots=True)
class CosmosLimits:
    """Throughput of a container: `units`, request units a second."""

    units: float

    @property
    def partitions(self) -> int:
        return max(1, math.ceil(self.units / PARTITION_UNITS))

    @property
    def partition_units(self) -> float:
        """Request units a second of a physical partition."""
        return self.units / self.partitions

    def partition_of(self, key: str) -> int:
        """The physical partition of a logical partition's key."""
        return crc32(key.encode()) % self.partitions

    def seconds(self, charged: Mapping[str, float]) -> float:
        """The least time for so many request units by logical partition key."""
        totals: dict[int, float] = {}
        for key, units in charged.items():
            totals[self.partition_of(key)] = totals.get(self.partition_of(key), 0.0) + units
        return max([0.0, *(units / self.partition_units - 1.0 for units in totals.values())])


SERVERLESS = CosmosLimits(5_000)


class CosmosBudget:
    """What a container's physical partitions have left. A partition admits while it has any units left."""

    def __init__(self, limits: CosmosLimits) -> None:
        self._limits = limits
        rate = limits.partition_units
        self._buckets = [TokenBucket(rate, rate) for _ in range(limits.partitions)]

    def retry_after_ms(self, key: str, now: float) -> int:
        """0 if a request of this logical partition is admitted, else the milliseconds to wait."""
        bucket = self._buckets[self._limits.partition_of(key)]
        return 0 if bucket.has(1, now) else max(1, math.ceil(bucket.wait(1, now) * 1000))

    def charge(self, key: str, units: float, now: float) -> None:
        """Take what a finished request cost."""
        self._buckets[self._limits.partition_of(key)].charge(units, now)
