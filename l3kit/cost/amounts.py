"""Money as text, and rounding that keeps sums."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal


def shown(amount: Decimal | None) -> str:
    """`$1,234.57`; small amounts with two digits that say something (`$0.00031`); None is `unknown`."""
    if amount is None:
        return "unknown"
    sign = "-" if amount < 0 else ""
    size = abs(amount)
    if size == 0 or size >= 1:
        return f"{sign}${size:,.2f}"
    places = min(max(2, 1 - size.adjusted()), 12)
    return f"{sign}${size:.{places}f}"


def round_parts(parts: Sequence[Decimal], places: int) -> list[Decimal]:
    """Round the parts so that they sum to their rounded sum: those that lose most by rounding down are rounded up."""
    unit = Decimal(1).scaleb(-places)
    floors = [part.quantize(unit, ROUND_FLOOR) for part in parts]
    total = sum(parts, Decimal(0)).quantize(unit, ROUND_HALF_EVEN)
    missing = int((total - sum(floors, Decimal(0))) / unit)
    losers = sorted(range(len(parts)), key=lambda n: (floors[n] - parts[n], n))
    for n in losers[:missing]:
        floors[n] += unit
    return floors
