"""A bill: rows of quantity, unit price and amount with their origin; totals that never hide an unknown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

from l3kit.cost.model.amounts import format_usd, round_parts
from l3kit.cost.model.uses import PARTS, Kind, Part, Use
from l3kit.prices.price_file import Figure, Key

if TYPE_CHECKING:
    import pandas as pd

_SMALLEST = Decimal("1e-15")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a bill.

    Attributes:
        quantity: in `unit`; None if unknown.
        unit_price: USD per `unit`, of the last unit if a price has steps; None if unknown.
        amount: USD; None if quantity or price is unknown, never 0 instead.
        kind: origin of the quantity: measured, estimated, or by the rule of the list price.
        as_of, source, confirmed: origin of the price.
    """

    part: Part
    item: str
    key: Key
    quantity: Decimal | None
    unit: str
    unit_price: Decimal | None
    amount: Decimal | None
    kind: Kind
    as_of: date | None
    source: str
    confirmed: bool
    note: str

    @property
    def name(self) -> str:
        return f"{self.part}: {self.item} ({self.key.provider} {self.key.service}.{self.key.rate})"

    def to_json(self) -> dict[str, Any]:
        """Plain values; money and quantities as text with all digits, unknown ones as `unknown`."""
        return {
            "part": self.part,
            "item": self.item,
            "provider": self.key.provider,
            "region": self.key.region,
            "price": f"{self.key.service}.{self.key.tier}.{self.key.rate}",
            "quantity": _text(self.quantity),
            "unit": self.unit,
            "unit_price_usd": _text(self.unit_price),
            "amount_usd": _text(self.amount),
            "kind": self.kind,
            "price_as_of": self.as_of.isoformat() if self.as_of else "undated",
            "price_confirmed": self.confirmed,
            "price_source": self.source,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of rows. `known` is USD of the rows whose amount is known; `unknown` counts the others."""

    known: Decimal
    unknown: int = 0

    @property
    def complete(self) -> bool:
        return self.unknown == 0

    @property
    def amount(self) -> Decimal | None:
        """USD; None if the total is incomplete."""
        return self.known if self.complete else None

    def __str__(self) -> str:
        if self.complete:
            return format_usd(self.known)
        return f"incomplete: {format_usd(self.known)} and {self.unknown} unknown"


@dataclass(frozen=True, slots=True)
class Bill:
    """Rows in data-flow order: ingest, hot, move, cold, move, archive, reads."""

    title: str
    rows: tuple[Row, ...]

    @property
    def total(self) -> Total:
        return total_of(self.rows)

    @property
    def incomplete(self) -> bool:
        return not self.total.complete

    @property
    def keys(self) -> tuple[Key, ...]:
        """The prices used, each once; for `PriceBook.stale` and `unconfirmed`."""
        return tuple(dict.fromkeys(row.key for row in self.rows))

    def by_part(self) -> dict[Part, Total]:
        """Totals of the parts that have rows, in their order."""
        return {part: total_of(rows) for part in PARTS if (rows := [r for r in self.rows if r.part == part])}

    def to_frame(self) -> pd.DataFrame:
        """One row per line, money and quantities as Decimal (None: unknown), for further work."""
        import pandas as pd

        rows = [
            [
                *(r.part, r.item, r.key.provider, f"{r.key.service}.{r.key.tier}.{r.key.rate}", r.quantity, r.unit),
                *(r.unit_price, r.amount, r.kind, r.as_of.isoformat() if r.as_of else "undated", r.confirmed),
                *(r.source, r.note),
            ]
            for r in self.rows
        ]
        columns = ["part", "item", "provider", "price", "quantity", "unit", "unit price USD", "amount USD", "kind"]
        return pd.DataFrame(rows, columns=[*columns, "as of", "confirmed", "source", "note"], dtype=object)

    def parts_frame(self, places: int = 2) -> pd.DataFrame:
        """One row per part and a last one with the total, rounded so that the parts shown sum to the total shown."""
        import pandas as pd

        parts = self.by_part()
        rounded = round_parts([total.known for total in parts.values()], places)
        rows = [
            [part, f"{amount:,f}", "" if total.complete else "incomplete"]
            for (part, total), amount in zip(parts.items(), rounded, strict=True)
        ]
        rows.append(["total", f"{sum(rounded, Decimal(0)):,f}", "incomplete" if self.incomplete else ""])
        return pd.DataFrame(rows, columns=["part", "USD", "note"]).set_index("part")

    def to_json(self) -> dict[str, Any]:
        """Title, total, totals of the parts, and all rows, as plain values."""
        return {
            "title": self.title,
            "total_usd": _text(self.total.amount) if not self.incomplete else "incomplete",
            "known_usd": _text(self.total.known),
            "unknown_rows": self.total.unknown,
            "parts_usd": {part: str(_text(t.amount)) for part, t in self.by_part().items()},
            "rows": [row.to_json() for row in self.rows],
        }

    def to_csv(self) -> str:
        """The rows as CSV with a header line."""
        import csv
        import io

        text = io.StringIO()
        if self.rows:
            writer = csv.DictWriter(text, fieldnames=list(self.rows[0].to_json()), lineterminator="\n")
            writer.writeheader()
            writer.writerows(row.to_json() for row in self.rows)
        return text.getvalue()


def total_of(rows: Iterable[Row]) -> Total:
    """Sum the amounts; unknown ones are counted, not taken for zero."""
    amounts = [row.amount for row in rows]
    known = [amount for amount in amounts if amount is not None]
    return Total(sum(known, Decimal(0)), len(amounts) - len(known))


def priced(uses: Sequence[Use], title: str, *, free_tiers: bool = False) -> Bill:
    """Price uses in their order; a zero use has no row.

    Steps of a price and a monthly allowance count over all uses of the same figure together: the first use takes the
    first steps. So the rows sum to what the whole quantity costs.
    """
    used: dict[Key, Decimal] = {}
    rows = []
    for use in uses:
        quantity: Decimal = use.quantity
        if quantity.is_nan() or quantity != 0:
            free = _free(use, free_tiers)
            before = used.get(use.figure.key, Decimal(0))
            rows.append(_row(use, before, free))
            used[use.figure.key] = before + quantity / use.figure.unit_size
    return Bill(title, tuple(rows))


def _free(use: Use, free_tiers: bool) -> Decimal:
    """The allowance in the price's unit; NaN if unknown."""
    if not free_tiers or use.allowance is None:
        return Decimal(0)
    if use.allowance.value is None:
        return Decimal("NaN")
    return use.allowance.value * use.allowance.unit_size / use.figure.unit_size


def _row(use: Use, before: Decimal, free: Decimal) -> Row:
    figure, quantity = use.figure, use.quantity / use.figure.unit_size
    amount = step_price = None
    if figure.known and not (quantity + before + free).is_nan():
        amount = stepped(figure, before + quantity, free) - stepped(figure, before, free)
        amount = amount.quantize(_SMALLEST, ROUND_HALF_EVEN) or Decimal(0)
    if figure.known:
        reached = Decimal(0) if (quantity + before + free).is_nan() else max(before + quantity - free, Decimal(0))
        step_price = next(s.price for s in figure.steps if s.up_to is None or reached <= s.up_to)
    return Row(
        use.part,
        use.item,
        figure.key,
        None if quantity.is_nan() else quantity,
        figure.meaning.name,
        step_price,
        amount,
        use.kind,
        figure.as_of,
        figure.source,
        figure.confirmed,
        figure.note,
    )


def stepped(figure: Figure, quantity: Decimal, free: Decimal) -> Decimal:
    """USD of a month's quantity, in the price's unit, above its allowance: each step's share at the step's price."""
    left, start, total = max(quantity - free, Decimal(0)), Decimal(0), Decimal(0)
    for step in figure.steps:
        end = left if step.up_to is None else min(left, step.up_to)
        total += max(end - start, Decimal(0)) * step.price
        start = end if step.up_to is None else step.up_to
    return total


def _text(value: Decimal | None) -> str:
    return "unknown" if value is None else f"{value.normalize():f}"
