"""Throughput that DynamoDB gives a partition and a table, and how it says that there is no more.

Sources, in the developer guide and the API reference (docs.aws.amazon.com/amazondynamodb/latest/):
    developerguide/bp-partition-key-design.html: 3,000 read and 1,000 write units a second for a partition
    developerguide/burst-adaptive-capacity.html: 300 seconds of unused capacity are kept
    developerguide/warm-throughput-scenarios.html: a new on-demand table starts at 12,000 read and 4,000 write units
    developerguide/ServiceQuotas.html: 40,000 read and 40,000 write units a second for a table, by default
    APIReference/API_ThrottlingReason.html, API_BatchStatementError.html: the names of reasons and codes
    APIReference/API_BatchWriteItem.html: what was throttled is unprocessed; an exception if nothing was processed

Left open there, and taken so: a device is a partition (adaptive capacity isolates a hot key at best). Burst capacity
does not lift a partition above its maximum, so a partition has one second of depth, a provisioned table 300; for the
on-demand table no burst is documented, and it has one second. The on-demand table does not grow during a run. Which of
the exceptions a hot partition of an on-demand table gets; clients treat them alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from benchmarks.rates.token_bucket import TokenBucket

Direction = Literal["read", "write"]
Taken = Mapping[tuple[Direction, str, str], float]
"""Units by direction, table and partition key."""
PARTITION: Mapping[Direction, float] = {"read": 3_000.0, "write": 1_000.0}
BURST_SECONDS = 300.0
PROVISIONED_FORM = "provisioned:READ:WRITE[:BURST] (units a second; seconds of burst, 1 to 300)"
EXCEEDED = "ProvisionedThroughputExceededException"
"""What exceeds a partition's throughput, and a batch of which nothing was processed."""
CODES: Mapping[str, str] = {
    EXCEEDED: "ProvisionedThroughputExceeded",
    "RequestLimitExceeded": "RequestLimitExceeded",
    "ThrottlingException": "ThrottlingError",
}
"""The code of a throttled PartiQL statement by that of a throttled request."""
MESSAGES: Mapping[str, str] = {
    EXCEEDED: "The table's provisioned throughput was exceeded",
    "RequestLimitExceeded": "The account's throughput quota for a table was exceeded",
    "ThrottlingException": "The current capacity of the table was exceeded",
}


@dataclass(frozen=True, slots=True)
class Throttled:
    """What a refusal for want of throughput says. `reason`: of ThrottlingReason."""

    exception: str
    reason: str

    @property
    def statement_code(self) -> str:
        return CODES[self.exception]

    @property
    def message(self) -> str:
        return MESSAGES[self.exception]


@dataclass(frozen=True, slots=True)
class DynamoLimits:
    """Limits of every table. Units are a second's.

    Attributes:
        table: of the whole table.
        burst: seconds of a table's capacity that are kept while it is unused.
        exception, reason: what a request gets that exceeds the table's limit.
    """

    name: str
    table: Mapping[Direction, float]
    burst: float
    exception: str
    reason: str

    def seconds(self, taken: Taken) -> float:
        """The least time in which a store with these limits admits so many units, all buckets being full at first."""
        totals: dict[tuple[Direction, str], float] = {}
        least = 0.0
        for (direction, table, _), units in taken.items():
            totals[direction, table] = totals.get((direction, table), 0.0) + units
            least = max(least, units / PARTITION[direction] - 1.0)
        for (direction, _), units in totals.items():
            least = max(least, units / self.table[direction] - self.burst)
        return least


ON_DEMAND = DynamoLimits(
    "on-demand",
    {"read": 12_000.0, "write": 4_000.0},
    1.0,
    "ThrottlingException",
    "KeyRangeThroughputExceeded",
)
"""A new on-demand table. What it serves above its warm throughput is a matter of its partitions."""
QUOTA = DynamoLimits(
    "quota",
    {"read": 40_000.0, "write": 40_000.0},
    1.0,
    "RequestLimitExceeded",
    "AccountLimitExceeded",
)
"""An on-demand table that has grown to the default quota of a table."""


def provisioned(read: float, write: float, burst: float = BURST_SECONDS) -> DynamoLimits:
    """A provisioned table. `burst`: seconds of capacity that are left; all of them after five idle minutes."""
    table: dict[Direction, float] = {"read": read, "write": write}
    name = f"provisioned:{read:g}:{write:g}:{burst:g}"
    return DynamoLimits(name, table, burst, EXCEEDED, "ProvisionedThroughputExceeded")


def limits_of(text: str) -> DynamoLimits | None:
    """Read `off`, `on-demand`, `quota` or `provisioned:READ:WRITE[:BURST]`. Raises: ValueError."""
    if text == "off":
        return None
    for known in (ON_DEMAND, QUOTA):
        if text == known.name:
            return known
    kind, *figures = text.split(":")
    whole = all(one.isdecimal() and int(one) > 0 for one in figures)
    burst = int(figures[2]) if whole and len(figures) == 3 else BURST_SECONDS
    if kind != "provisioned" or len(figures) not in (2, 3) or not whole or burst > BURST_SECONDS:
        raise ValueError(f"{text!r} is none of off, on-demand, quota, {PROVISIONED_FORM}")
    return provisioned(*map(float, figures))


class DynamoBudget:
    """What tables with these limits have left.

    What takes more than a bucket ever holds is admitted by a full one, which then owes the rest.
    """

    def __init__(self, limits: DynamoLimits) -> None:
        self._limits = limits
        self._partitions: dict[tuple[Direction, str, str], TokenBucket] = {}
        self._tables: dict[tuple[Direction, str], TokenBucket] = {}

    def take(self, direction: Direction, table: str, key: str, units: float, now: float) -> Throttled | None:
        """Take units of a partition and of its table, or of neither. Returns: the refusal, if any."""
        partition = self._partitions.get((direction, table, key))
        if partition is None:
            rate = PARTITION[direction]
            partition = self._partitions[direction, table, key] = TokenBucket(rate, rate)
        whole = self._tables.get((direction, table))
        if whole is None:
            rate = self._limits.table[direction]
            whole = self._tables[direction, table] = TokenBucket(rate, rate * self._limits.burst)
        what = f"Table{direction.title()}"
        if not partition.has(min(units, partition.depth), now):
            return Throttled(EXCEEDED, f"{what}KeyRangeThroughputExceeded")
        if not whole.has(min(units, whole.depth), now):
            return Throttled(self._limits.exception, f"{what}{self._limits.reason}")
        partition.charge(units, now)
        whole.charge(units, now)
        return None
