"""Choices with a price: crossing to a cheaper cloud against egress, expiry against deletes, compression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from l3kit.cost.analysis.compression import COMPRESSIONS, Measured
from l3kit.cost.model.bill import Bill, total_of
from l3kit.cost.model.monthly import monthly_bill
from l3kit.cost.model.workload import Workload
from l3kit.prices.price_book import PriceBook, Site, default_regions
from l3kit.prices.price_file import Figure, Provider
from l3kit.prices.units import GIB
from l3kit.providers import billing_of, priced_names
from l3kit.twin.layout import Layout

if TYPE_CHECKING:
    import pandas as pd


def break_even(
    book: PriceBook,
    tier: Literal["cold", "archive"],
    regions: Mapping[Provider, str] | None = None,
    *,
    sent_per_stored: Decimal = Decimal(1),
) -> pd.DataFrame:
    """The months until cheaper storage on another cloud has paid for the egress to it.

    months = egress per GiB of the sender * sent_per_stored / (storage of the sender - storage of the receiver), both at
    their first price step, without requests and functions, which come on top.

    Args:
        sent_per_stored: bytes on the wire / bytes stored; `wire_ratio / at_rest_ratio` of a workload.
    Returns: one row for each ordered pair: `from`, `to`, `storage from`, `storage to` (USD per GiB-month), `egress`
        (USD per GiB stored), `months` (None: never, or unknown) and `verdict` in words.
    """
    import pandas as pd

    chosen = {**default_regions(), **(regions or {})}
    sites = {provider: Site(book, provider, chosen[provider]) for provider in priced_names()}
    storage = {p: per_gib(site.figure(*billing_of(p).objects[tier], "storage")) for p, site in sites.items()}
    rows = []
    for sender in sites:
        out = per_gib(sites[sender].figure("transfer", "internet", "out"))
        for receiver in (name for name in sites if name != sender):
            rows.append([sender, receiver, *_crossing(storage[sender], storage[receiver], out, sent_per_stored)])
    columns = ["from", "to", "storage from", "storage to", "egress", "months", "verdict"]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _crossing(here: Decimal | None, there: Decimal | None, out: Decimal | None, sent: Decimal) -> list[object]:
    egress = None if out is None else out * sent
    if here is None or there is None or egress is None:
        return [here, there, egress, None, "unknown: a price is not known"]
    if there >= here:
        return [here, there, egress, None, "never: storage there is not cheaper"]
    months = egress / (here - there)
    return [here, there, egress, months, f"after {months:,.0f} months"]


def per_gib(figure: Figure) -> Decimal | None:
    """A price per GB or GiB, or per month of it, as USD per GiB; None where it is not known."""
    return None if figure.value is None else figure.value * GIB / figure.unit_size


def delete_modes(workload: Workload, book: PriceBook, regions: Mapping[Provider, str] | None = None) -> pd.DataFrame:
    """Deleting moved items by the mover against letting them expire (TTL), for each hot store.

    Returns: `hot`, USD a month for `paid deletes` and `TTL`, `saved`, and the `share` of the paid deletes in the whole
        bill (0 to 1), with the other tiers on the same cloud. None: unknown.
    """
    import pandas as pd

    rows = []
    for provider in priced_names():
        layout = Layout(provider, provider, provider)
        paid, expired = (
            monthly_bill(replace(workload, ttl_deletes=ttl), layout, book, regions) for ttl in (False, True)
        )
        deletes = [
            _sum_of(bill, item) for bill, item in ((paid, "delete moved items"), (expired, "expire moved items"))
        ]
        saved = None if deletes[0] is None or deletes[1] is None else deletes[0] - deletes[1]
        total = paid.total.amount
        share = float(deletes[0] / total) if deletes[0] is not None and total else None
        rows.append([provider, *deletes, saved, share])
    return pd.DataFrame(rows, columns=["hot", "paid deletes", "TTL", "saved", "share"], dtype=object)


def _sum_of(bill: Bill, item: str) -> Decimal | None:
    return total_of(row for row in bill.rows if row.item == item).amount


def compressions(
    workload: Workload,
    layout: Layout,
    book: PriceBook,
    measured: Measured,
    regions: Mapping[Provider, str] | None = None,
) -> pd.DataFrame:
    """The monthly bill with each compression at rest, with ratios measured on real items.

    Returns: `compression`, `ratio`, USD for `storage` (cold and archive), `egress`, `total`. None: unknown.
    """
    import pandas as pd

    rows = []
    for name in COMPRESSIONS:
        bill = monthly_bill(measured.apply(workload, name), layout, book, regions)
        stored = total_of(row for row in bill.rows if row.part in ("cold storage", "archive storage"))
        egress = total_of(row for row in bill.rows if row.key.service == "transfer")
        rows.append([name, measured.at_rest[name], stored.amount, egress.amount, bill.total.amount])
    return pd.DataFrame(rows, columns=["compression", "ratio", "storage", "egress", "total"], dtype=object)
