"""Estimated cost of a first-light run by the cost model's list prices, printed before it starts."""

from __future__ import annotations

from typing import cast

from l3kit.clouds.ports.first_light import Amounts, first_light_of
from l3kit.cost.model.bill import Bill, priced
from l3kit.cost.model.uses import Part, Use
from l3kit.first_light.twin import DEVICES, ITEM_COUNT
from l3kit.prices.price_book import PriceBook
from l3kit.providers import billing_of, provider

AMOUNTS = Amounts(items=ITEM_COUNT, chunks=len(DEVICES), archived=1)


def estimate(book: PriceBook, cloud: str) -> Bill:
    """The bill of one run, without free tiers.

    Raises: ConfigurationError if the cloud has no first-light, or the book lacks a price.
    """
    region = billing_of(cloud).default_region
    uses = [
        Use(
            cast("Part", use.part),
            use.item,
            book.figure(cloud, region, use.service, use.tier, use.rate),
            use.quantity,
            "estimated",
        )
        for use in first_light_of(cloud).uses(AMOUNTS)
    ]
    return priced(uses, f"first light on {provider(cloud).title}, {region} prices, no free tier")


def estimate_text(bill: Bill, cloud: str, region: str) -> str:
    """The estimate as text: the sum, and each line with its quantity and price."""
    priced_in, title = billing_of(cloud).default_region, provider(cloud).title
    lines = [f"Cost: about {bill.total} in all, at list prices of {priced_in} and without the free tier:"]
    lines += [
        f"  {row.amount:.7f} USD  {row.item}: {row.quantity:.6g} {row.unit} at {row.unit_price} USD"
        for row in bill.rows
        if row.amount is not None and row.quantity is not None
    ]
    if region != priced_in:
        lines.append(f"  Prices of {region} are not in the price book; they differ by tens of per cent.")
    light = first_light_of(cloud)
    lines += [f"  Not in the price book: {text}." for text in light.unpriced()]
    lines.append(
        f"Time: {light.minutes} (expected, not measured), most of it waiting until {title} has made and removed things."
    )
    return "\n".join(lines)
