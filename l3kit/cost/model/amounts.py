"""Money as text, and rounding that keeps sums."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal


def format_usd(amount: Decimal | None) -> str:
    """`$1,234.57`; small amounts with two significant digits (`$0.00031`); None is `unknown`."""
    if amount is None:
        return "unknown"
    sign = "-" if amount < 0 else ""
    size = abs(amount)
    if size == 0 or size >= 1:
        return f"{sign}${size:,.2f}"
    return f"{sign}${size:.{_places(size)}f}"


def format_usd_parts(parts: Sequence[Decimal]) -> list[str]:
    """Format parts with as many digits as `format_usd` gives their total, so that the displayed parts sum to it."""
    places = _places(sum(parts, Decimal(0)))
    return [f"${part:,.{places}f}" for part in round_parts(parts, places)]


def _places(size: Decimal) -> int:
    """Decimal places: 2, or as many as show two digits of a small amount."""
    return 2 if size == 0 or size >= 1 else min(max(2, 1 - size.adjusted()), 12)


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
