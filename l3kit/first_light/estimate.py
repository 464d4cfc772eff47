"""Estimated cost of a first-light run by the cost model's list prices, printed before it starts."""

from __future__ import annotations

from decimal import Decimal

from l3kit.cost.model.bill import Bill, priced
from l3kit.cost.model.uses import Part, Use
from l3kit.first_light.twin import ITEM_COUNT
from l3kit.prices.price_book import PriceBook
from l3kit.prices.price_file import Provider

REGION = "us-east-1"
"""The region that the price book knows; others differ by tens of per cent."""
MINUTES = "5 to 15 minutes"
"""An expectation, not a measurement: most of it is waiting for roles, tables, functions and backups."""
_CHUNKS, _ARCHIVED = 2, 1
_OBJECT_BYTES = 131_072
"""Billed for each object in Standard-IA, however small it is."""
_ARCHIVE_BYTES = 131_072
"""More than an archived chunk of these items with the 40 KB that Deep Archive adds to each object."""
_QUANTITIES: tuple[tuple[Part, str, str, str, str, int | str], ...] = (
    ("ingest", "items written and, once moved, deleted", "dynamodb", "on_demand", "write_unit", 2 * ITEM_COUNT),
    ("hot to cold", "journal records and their swaps", "dynamodb", "on_demand", "write_unit", 100),
    ("reads", "items read by the movers and by three queries", "dynamodb", "on_demand", "read_unit", 4 * ITEM_COUNT),
    ("cold storage", "settings of the buckets, lists, reports", "s3", "standard", "put", 200),
    ("hot to cold", "chunks stored", "s3", "standard_ia", "put", _CHUNKS),
    ("reads", "chunks read", "s3", "standard_ia", "get", 20),
    ("cold to archive", "chunks archived", "s3", "deep_archive", "put", _ARCHIVED),
    (
        "cold storage",
        "30 days at least, for each object",
        "s3",
        "standard_ia",
        "storage",
        _OBJECT_BYTES * _CHUNKS,
    ),
    ("archive storage", "180 days at least", "s3", "deep_archive", "storage", _ARCHIVE_BYTES * _ARCHIVED * 6),
    ("hot to cold", "calls of the functions", "lambda", "x86", "requests", 6),
    ("hot to cold", "2 runs of at most 30 s with 1,769 MB", "lambda", "x86", "compute", "103.65"),
    ("cold to archive", "2 runs of at most 30 s with 1,024 MB", "lambda", "x86", "compute", 60),
    ("schedules", "log lines", "logs", "standard", "ingest", 1_000_000),
)
"""Part, what it is, service, tier, rate, and how much of it at most."""


def estimate(book: PriceBook, cloud: Provider) -> Bill:
    """The bill of one run, without free tiers. Raises: ConfigurationError if the book lacks a price."""
    uses = [
        Use(part, item, book.figure(cloud, REGION, service, tier, rate), Decimal(quantity), "estimated")
        for part, item, service, tier, rate, quantity in _QUANTITIES
    ]
    return priced(uses, f"first light on AWS, {REGION} prices, no free tier")


def estimate_text(bill: Bill, region: str) -> str:
    """The estimate for people: the sum, and each line with its quantity and price."""
    lines = [f"Cost: about {bill.total} in all, at list prices of {REGION} and without the free tier:"]
    lines += [
        f"  {row.amount:.7f} USD  {row.item}: {row.quantity:.6g} {row.unit} at {row.unit_price} USD"
        for row in bill.rows
        if row.amount is not None and row.quantity is not None
    ]
    if region != REGION:
        lines.append(f"  Prices of {region} are not in the price book; they differ by tens of per cent.")
    lines.append(f"Time: {MINUTES} (expected, not measured), most of it waiting until AWS has made and removed things.")
    return "\n".join(lines)
