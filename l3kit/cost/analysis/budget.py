"""Comparison of two bills in one sentence, and of a bill with a budget."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from l3kit.cost.model.amounts import format_usd
from l3kit.cost.model.bill import Bill, Total
from l3kit.cost.model.uses import PARTS
from l3kit.cost.model.workload import as_number
from l3kit.errors import BudgetExceededError, CheckFailedError, ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

_NOTHING = Total(Decimal(0))


def compare(a: Bill, b: Bill) -> str:
    """One sentence: how much more or less `b` costs than `a`, and which part makes most of the difference.

    Where either total is incomplete the sentence says so and compares nothing but the parts known in both.
    """
    parts_a, parts_b = a.by_part(), b.by_part()
    differences = {
        part: parts_b[part].known - parts_a[part].known
        for part in dict.fromkeys((*parts_a, *parts_b))
        if part in parts_a and part in parts_b and parts_a[part].complete and parts_b[part].complete
    }
    most = max(differences, key=lambda part: abs(differences[part]), default=None)
    because = "" if most is None or not differences[most] else f"; most of it is {most} ({_signed(differences[most])})"
    incomplete = [bill.title for bill in (a, b) if bill.incomplete]
    if incomplete:
        return (
            f"{b.title} and {a.title} cannot be compared in full, because {' and '.join(incomplete)} has unknown rows"
            + (f"; of the known parts {most} differs most ({_signed(differences[most])})." if most else ".")
        )
    difference = b.total.known - a.total.known
    if not difference:
        return f"{b.title} costs as much as {a.title}: {format_usd(a.total.known)}."
    share = f" ({abs(difference) / a.total.known * 100:.0f} %)" if a.total.known else ""
    word = "less" if difference < 0 else "more"
    return f"{b.title} costs {format_usd(abs(difference))}{share} {word} than {a.title}{because}."


def check_budget(bill: Bill, budget_usd: Decimal | int | str | float) -> None:
    """Raise if a bill exceeds its budget or is too incomplete to compare.

    Args:
        budget_usd: the budget for the period of the bill.
    Raises: BudgetExceededError if the known part is already over budget; CheckFailedError if the total is
        incomplete and the known part is not; ConfigurationError if the budget is no amount of money.
    """
    budget = as_number(budget_usd)
    if budget is None or budget < 0:
        raise ConfigurationError("budget_usd", f"{budget_usd!r} is not allowed", "Allowed: USD, 0 or more")
    total = bill.total
    if total.known > budget:
        parts = bill.by_part()
        largest = max(parts, key=lambda part: parts[part].known)
        raise BudgetExceededError(
            bill.title,
            f"costs {total}, which is {format_usd(total.known - budget)} over the budget of {format_usd(budget)}",
            f"The largest part is {largest}, {parts[largest]}",
        )
    if not total.complete:
        unknown = next(row for row in bill.rows if row.amount is None)
        raise CheckFailedError(
            bill.title,
            f"may or may not be within the budget of {format_usd(budget)}: the total is {total}",
            f"Override the book with a file that has the missing price; the first is {unknown.name}",
        )


def _signed(amount: Decimal) -> str:
    return f"+{format_usd(amount)}" if amount > 0 else format_usd(amount)


def side_by_side(a: Bill, b: Bill) -> pd.DataFrame:
    """Two bills part by part, to be shown above the sentence of `compare`.

    Returns: one row per part and a last one, `total`; a column for each bill's title, and `difference` (second less
        first). USD as Decimal; None where one is incomplete.
    """
    import pandas as pd

    parts_a, parts_b = a.by_part(), b.by_part()
    rows = {part: (parts_a.get(part, _NOTHING), parts_b.get(part, _NOTHING)) for part in PARTS}
    named: dict[str, tuple[Total, Total]] = {part: pair for part, pair in rows.items() if pair != (_NOTHING, _NOTHING)}
    named["total"] = (a.total, b.total)
    values = [[first.amount, second.amount, _difference(first, second)] for first, second in named.values()]
    titles = (a.title, b.title) if a.title != b.title else (f"{a.title} (first)", f"{b.title} (second)")
    return pd.DataFrame(values, index=pd.Index(list(named), name="part"), columns=[*titles, "difference"], dtype=object)


def _difference(first: Total, second: Total) -> Decimal | None:
    return None if first.amount is None or second.amount is None else second.amount - first.amount
