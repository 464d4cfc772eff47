"""How a cloud bills, as data: the services of the price book that its tiers, functions and schedules are billed by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Service = tuple[str, str]
"""Service and tier, as the price book names them."""
Operation = Literal["put", "copy", "get", "head", "list", "delete"]
ObjectTier = Literal["cold", "archive", "staging"]
HotForm = Literal["capacity units", "request units", "documents"]
"""What a database counts: KB written and read, request units by size, or documents whatever their size."""


@dataclass(frozen=True, slots=True)
class Billing:
    """What a cloud bills for a twin.

    Attributes:
        hot: the database of items, and by which form it is billed.
        objects: the storage class of each tier; `staging` is where parts and reports go.
        requests: which price each operation has. A copy is billed at its target's class.
        memory_mb: of each function, as deployed.
        cpu_apart: whether a function's CPU time is billed beside its memory, rather than both as one.
        scheduler: what starts the movers.
        bills_jobs: whether the scheduler bills a job for each month, rather than each start.
        counts_units: whether its adapters count the units that the database bills.
        default_region: the region whose prices are taken if none is named.
        price_list: its prices, a file in the form of l3kit's own; None if l3kit has them.
        restores_by_speed: whether archived objects are restored to a copy first, at a price for each speed.
    """

    hot: Service
    hot_form: HotForm
    objects: Mapping[ObjectTier, Service]
    requests: Mapping[Operation, str]
    memory_mb: Mapping[str, int]
    functions: Service
    logs: Service
    scheduler: Service
    default_region: str
    price_list: Path | None = None
    cpu_apart: bool = False
    bills_jobs: bool = False
    counts_units: bool = False
    restores_by_speed: bool = False
