"""Metered and predicted cost of both movers' runs, price by price."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from l3kit.cost.analysis.meter import Agreement
from l3kit.cost.model.bill import Total
from l3kit.errors import CheckFailedError

if TYPE_CHECKING:
    import pandas as pd

TOLERANCE = Decimal("0.02")
"""Maximum relative error of a prediction against the measurement."""
_RUN_TIME = ("compute", "ingest")
"""Rates that follow from how long a run took: taken from the report in both bills, different each time."""


@dataclass(frozen=True, slots=True)
class TrialMove:
    """Both movers' runs.

    Attributes:
        items: moved by each.
        sizes: bytes of the objects in the archive at the end, ascending.
        longest: maximum bytes of a chunk, as deployed.
    """

    items: int
    sizes: tuple[int, ...]
    longest: int
    agreements: tuple[tuple[str, Agreement], ...]

    def check(self) -> str:
        """Compare in one sentence. Raises: CheckFailedError if prediction and measurement differ by more than 2 %."""
        unknown = [mover for mover, agreement in self.agreements if agreement.difference is None]
        for mover, agreement in self.agreements:
            if agreement.difference is not None and abs(agreement.difference) > TOLERANCE:
                raise CheckFailedError(
                    mover, f"prediction and measurement differ: {agreement.summary()}", "Compare the rows of both"
                )
        if unknown:
            return f"Whether predictions agree is unknown for {' and '.join(unknown)}: the bills are incomplete."
        return f"Both bills agree with their predictions within {TOLERANCE * 100:.0f} %."

    def stored(self) -> str:
        """Describe the actual content of the archive in a sentence."""
        return (
            f"{self.items:,} items lie in {len(self.sizes)} objects of {self.sizes[0]:,} to {self.sizes[-1]:,} bytes; "
            f"a chunk may have {self.longest:,}."
        )

    def to_frame(self) -> pd.DataFrame:
        """A row per mover and price, without run time, which no model predicts.

        Returns: `move`, `price`, `predicted` and `measured` (USD per million items; None where not known),
            `difference` (share of measured), and a `total` for each mover.
        """
        import pandas as pd

        rows = []
        for mover, agreement in self.agreements:
            move = mover.removesuffix("-mover").replace("-", " ")
            lines = {
                name: (predicted.amount, measured.amount)
                for name, (predicted, measured) in agreement.lines.items()
                if name.rpartition(".")[2] not in _RUN_TIME and not _is_nothing(predicted, measured)
            }
            predicted, measured = zip(*lines.values(), strict=True)
            for name, pair in {**lines, "total": (_sum(predicted), _sum(measured))}.items():
                rows.append([move, name, *(self._per_million(amount) for amount in pair), _difference(*pair)])
        columns = ["move", "price", "predicted", "measured", "difference"]
        return pd.DataFrame(rows, columns=columns, dtype=object)

    def _per_million(self, amount: Decimal | None) -> Decimal | None:
        return None if amount is None else amount * 10**6 / self.items


def _is_nothing(*totals: Total) -> bool:
    return all(total.amount == 0 for total in totals)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = list(amounts)
    return None if None in known else sum((amount for amount in known if amount is not None), Decimal(0))


def _difference(predicted: Decimal | None, measured: Decimal | None) -> float | None:
    return None if predicted is None or not measured else float((predicted - measured) / measured)
