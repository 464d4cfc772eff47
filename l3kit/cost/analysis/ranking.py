"""Ranking of all 27 layouts for a workload, and a bill as a waterfall."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from l3kit.cost.model.bill import Bill
from l3kit.cost.model.monthly import monthly_bill
from l3kit.cost.model.uses import PARTS
from l3kit.cost.model.workload import Workload, all_layouts
from l3kit.prices.price_book import PriceBook
from l3kit.prices.price_file import Provider

if TYPE_CHECKING:
    import pandas as pd


def rank_layouts(workload: Workload, book: PriceBook, regions: Mapping[Provider, str] | None = None) -> pd.DataFrame:
    """The 27 layouts, the cheapest first; those with an incomplete bill last.

    Returns: `layout`, `crossings` (cloud borders), USD for each part, `total`, `egress` (contained in the parts),
        `times the cheapest`, and `unconfirmed`: the share of the total that rests on unconfirmed prices. None: unknown.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for layout in all_layouts():
        bill = monthly_bill(workload, layout, book, regions)
        parts = bill.by_part()
        rows.append(
            {
                "layout": str(layout),
                "crossings": len(layout.links),
                **{part: parts[part].amount if part in parts else Decimal(0) for part in PARTS},
                "total": bill.total.amount,
                "egress": sum((r.amount or Decimal(0) for r in bill.rows if r.key.service == "transfer"), Decimal(0)),
                "unconfirmed": unconfirmed_share(bill),
            }
        )
    rows.sort(key=lambda row: (row["total"] is None, row["total"] or 0, row["layout"]))
    cheapest = rows[0]["total"]
    for row in rows:
        row["times the cheapest"] = float(row["total"] / cheapest) if row["total"] is not None and cheapest else None
    return pd.DataFrame(rows)


def unconfirmed_share(bill: Bill) -> float | None:
    """The share of the total with unconfirmed prices; None if the total is incomplete or zero."""
    total = bill.total.amount
    if not total:
        return None
    return float(sum((r.amount or Decimal(0) for r in bill.rows if not r.confirmed), Decimal(0)) / total)


def waterfall(bill: Bill, most: int = 8) -> pd.DataFrame:
    """Return the parts of the total, the largest first.

    Args:
        most: maximum number of rows; all others become one more, `all else`.
    Returns: `item`, `USD`, `share` (0 to 1), and `start` and `end` of its bar. An incomplete
        bill's unknown rows are the last, with None.
    """
    import pandas as pd

    amounts: dict[str, Decimal] = {}
    for row in bill.rows:
        if row.amount is not None:
            name = f"{row.part}: {row.item}"
            amounts[name] = amounts.get(name, Decimal(0)) + row.amount
    ordered = sorted(amounts.items(), key=lambda pair: (-pair[1], pair[0]))
    shown, rest = ordered[:most], ordered[most:]
    if rest:
        shown.append(("all else", sum((amount for _, amount in rest), Decimal(0))))
    total, start, rows = bill.total.known, Decimal(0), []
    for name, amount in shown:
        rows.append([name, amount, float(amount / total) if total else 0.0, start, start + amount])
        start += amount
    rows += [[f"{r.part}: {r.item}", None, None, None, None] for r in bill.rows if r.amount is None]
    return pd.DataFrame(rows, columns=["item", "USD", "share", "start", "end"])
