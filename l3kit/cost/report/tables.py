"""The report's tables: amounts, shares and quantities as text, the same on every machine."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from l3kit.cost.model.amounts import format_usd, format_usd_parts
from l3kit.cost.model.bill import Bill
from l3kit.notebook.tables import Table

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.prices.price_book import PriceBook


def bill_table(bill: Bill) -> Table:
    """Every row of a bill: the origin of its quantity, its price's date, and the number of its source.

    The parts and the total stand in rows of their own, rounded so that the parts sum to the total; over an unknown row
    they are `incomplete`. `source_table` lists the sources by number.
    """
    numbers = _source_numbers(bill)
    rows: list[tuple[str, ...]] = []
    strong: list[int] = []
    parts = bill.by_part()
    texts = format_usd_parts([total.known for total in parts.values()])
    for (part, total), text in zip(parts.items(), texts, strict=True):
        strong.append(len(rows))
        rows.append((part, "", "", "", text if total.complete else str(total), "", "", ""))
        for row in (r for r in bill.rows if r.part == part):
            rows.append(
                (
                    f"{row.item} ({row.key.provider} {row.key.service})",
                    quantity_text(row.quantity),
                    row.unit,
                    quantity_text(row.unit_price),
                    format_usd(row.amount),
                    row.kind,
                    (row.as_of.isoformat() if row.as_of else "undated") + ("" if row.confirmed else " *"),
                    str(numbers[row.source]),
                )
            )
    strong.append(len(rows))
    rows.append(("total", "", "", "", str(bill.total), "", "", ""))
    head = ("what", "quantity", "unit", "USD per unit", "USD a month", "quantity is", "price of", "source")
    numeric = frozenset(("quantity", "USD per unit", "USD a month", "source"))
    return Table(head, tuple(rows), numeric, frozenset(strong))


def source_table(bill: Bill) -> Table:
    """The sources of a bill's prices, by the numbers that `bill_table` gives."""
    return Table(
        ("no.", "source"), tuple((str(n), source) for source, n in _source_numbers(bill).items()), frozenset(("no.",))
    )


def doubtful_table(bill: Bill, book: PriceBook, stale: Collection[Any]) -> Table:
    """Unconfirmed, unknown, undated and year-old prices of a bill, with the share of each in the total.

    Args:
        stale: the result of `PriceBook.stale` for the bill's keys.
    """
    old = {figure.key for figure in stale}
    doubtful = [f for f in book.unconfirmed(bill.keys) if f.meaning.money]
    figures = {f.key: f for f in (*doubtful, *stale)}
    rows = []
    for key, figure in figures.items():
        amounts = [row.amount for row in bill.rows if row.key == key]
        whole = None if None in amounts else sum((a for a in amounts if a is not None), Decimal(0))
        why = ["unknown"] if not figure.known else ([] if figure.confirmed else ["not confirmed"])
        why += [("undated" if figure.as_of is None else "older than a year")] if key in old else []
        date = figure.as_of.isoformat() if figure.as_of else "undated"
        rows.append((str(key), date, ", ".join(why), format_usd(whole), figure.note))
    return Table(("price", "as of", "doubt", "USD a month", "note"), tuple(rows), frozenset(("USD a month",)))


def frame_table(frame: pd.DataFrame, *, money: Collection[str] = (), share: Collection[str] = ()) -> Table:
    """A table of an analysis for display.

    Args:
        money: columns in USD. share: columns from 0 to 1, shown in per cent. Other numbers show at most 4 digits after
            the point. Missing values are `unknown`.
    """
    head = tuple(str(name) for name in frame.columns)
    rows = []
    for values in frame.itertuples(index=False):
        rows.append(tuple(_cell_text(v, n in money, n in share) for n, v in zip(head, values, strict=True)))
    numeric = [n for n in head if n in money or n in share or all(_is_number(v) for v in frame[n])]
    return Table(head, tuple(rows), frozenset(numeric))


def _cell_text(value: Any, money: bool, share: bool) -> str:
    if value is None or value != value:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if money:
        return format_usd(Decimal(str(value)))
    if share:
        return f"{value * 100:.1f} %"
    return quantity_text(Decimal(str(value))) if _is_number(value) else str(value)


def _is_number(value: Any) -> bool:
    import numbers

    return isinstance(value, Decimal | numbers.Number) and not isinstance(value, bool)


def quantity_text(value: Decimal | None) -> str:
    """Format with four significant digits, and exponents only for very large or small numbers; None is `unknown`."""
    if value is None:
        return "unknown"
    if value == 0:
        return "0"
    places = max(0, min(12, 3 - value.adjusted()))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _source_numbers(bill: Bill) -> dict[str, int]:
    return {source: number for number, source in enumerate(dict.fromkeys(row.source for row in bill.rows), 1)}
