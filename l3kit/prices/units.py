"""The units of price files, and those allowed for each figure. A figure in another unit is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Measure = Literal[
    "requests",
    "bytes",
    "byte-months",
    "GB-seconds",
    "vCPU-seconds",
    "GiB-seconds",
    "WRU",
    "RRU",
    "RU",
    "job-months",
    "alarm-months",
    "metric-months",
    "days",
    "bytes per object",
    "bytes per item",
]
"""Units of the model's quantities. `byte-months`: bytes kept for a month; GB-seconds: of function memory."""

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Unit:
    """One spelling of a unit.

    Attributes:
        measure: the counted quantity.
        per: amount of it in one unit; None stands for the price file's `bytes_per_gb`.
        name: label of a quantity in this unit on a bill.
        money: whether the figure is USD per unit; else a plain figure.
    """

    measure: Measure
    per: int | None
    name: str
    money: bool = True

    def size(self, bytes_per_gb: int) -> int:
        """Return the amount of the measure in one unit."""
        return bytes_per_gb if self.per is None else self.per


UNITS: Mapping[str, Unit] = {
    "USD per 1,000 requests": Unit("requests", 1_000, "thousand requests"),
    "USD per 10,000 requests": Unit("requests", 10_000, "ten thousand requests"),
    "USD per 100,000 requests": Unit("requests", 100_000, "hundred thousand requests"),
    "USD per million requests": Unit("requests", 1_000_000, "million requests"),
    "USD per million WRU": Unit("WRU", 1_000_000, "million WRU"),
    "USD per million RRU": Unit("RRU", 1_000_000, "million RRU"),
    "USD per million RU": Unit("RU", 1_000_000, "million RU"),
    "USD per GB-month": Unit("byte-months", None, "GB-months"),
    "USD per GiB-month": Unit("byte-months", GIB, "GiB-months"),
    "USD per GB": Unit("bytes", None, "GB"),
    "USD per GiB": Unit("bytes", GIB, "GiB"),
    "USD per GB-second": Unit("GB-seconds", 1, "GB-seconds"),
    "USD per vCPU-second": Unit("vCPU-seconds", 1, "vCPU-seconds"),
    "USD per GiB-second": Unit("GiB-seconds", 1, "GiB-seconds"),
    "USD per job-month": Unit("job-months", 1, "job-months"),
    "USD per alarm-month": Unit("alarm-months", 1, "alarm-months"),
    "USD per metric-month": Unit("metric-months", 1, "metric-months"),
    "days": Unit("days", 1, "days", money=False),
    "bytes": Unit("bytes", 1, "bytes", money=False),
    "bytes per object": Unit("bytes per object", 1, "bytes per object", money=False),
    "bytes per item": Unit("bytes per item", 1, "bytes per item", money=False),
    "RU": Unit("RU", 1, "RU", money=False),
    "requests per month": Unit("requests", 1, "requests", money=False),
    "GB per month": Unit("bytes", None, "GB", money=False),
    "GiB per month": Unit("bytes", GIB, "GiB", money=False),
    "GB-seconds per month": Unit("GB-seconds", 1, "GB-seconds", money=False),
    "vCPU-seconds per month": Unit("vCPU-seconds", 1, "vCPU-seconds", money=False),
    "GiB-seconds per month": Unit("GiB-seconds", 1, "GiB-seconds", money=False),
    "jobs per month": Unit("job-months", 1, "job-months", money=False),
    "alarms per month": Unit("alarm-months", 1, "alarm-months", money=False),
    "metrics per month": Unit("metric-months", 1, "metric-months", money=False),
}

_REQUESTS = tuple(name for name, unit in UNITS.items() if unit.measure == "requests" and unit.money)
_STORAGE = ("USD per GB-month", "USD per GiB-month")
_TRANSFER = ("USD per GB", "USD per GiB")

RATES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("put", "get", "list", "delete", "write", "read", "read_high", "other"), _REQUESTS),
    **dict.fromkeys(("class_a", "class_b", "restore_standard", "restore_bulk"), _REQUESTS),
    **dict.fromkeys(("reads", "writes", "deletes", "requests", "invocations"), _REQUESTS),
    **dict.fromkeys(("storage", "backup"), _STORAGE),
    **dict.fromkeys(
        ("retrieval", "retrieval_standard", "retrieval_bulk", "retrieval_high", "out", "ingest"), _TRANSFER
    ),
    "write_unit": ("USD per million WRU",),
    "read_unit": ("USD per million RRU",),
    "request_unit": ("USD per million RU",),
    "ttl_delete": ("USD per million WRU", "USD per million RU", *_REQUESTS),
    "compute": ("USD per GB-second",),
    "vcpu": ("USD per vCPU-second",),
    "memory": ("USD per GiB-second",),
    "jobs": ("USD per job-month",),
    "alarms": ("USD per alarm-month",),
    "metrics": ("USD per metric-month",),
    **dict.fromkeys(("min_duration", "soft_delete"), ("days",)),
    "min_billable_object": ("bytes",),
    **dict.fromkeys(("overhead_archive", "overhead_standard"), ("bytes per object",)),
    "item_overhead": ("bytes per item",),
    **dict.fromkeys(("ru_read_1kb", "ru_write_1kb", "ru_write_2kb", "ru_write_4kb", "ru_write_16kb"), ("RU",)),
    "ru_delete_1kb": ("RU",),
    **dict.fromkeys(("free_requests", "free_invocations"), ("requests per month",)),
    **dict.fromkeys(("free_storage", "free_out", "free_ingest"), ("GB per month", "GiB per month")),
    "free_compute": ("GB-seconds per month",),
    "free_vcpu": ("vCPU-seconds per month",),
    "free_memory": ("GiB-seconds per month",),
    "free_jobs": ("jobs per month",),
    "free_alarms": ("alarms per month",),
    "free_metrics": ("metrics per month",),
}
"""Every figure a price file may hold, and the units it may have. `free_X` is the monthly allowance of the rate `X`."""
