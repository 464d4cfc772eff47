"""The model for thousands of scenarios at once: the same formulas on float arrays, grouped by layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from l3kit.cost.model.arithmetic import ARRAYS
from l3kit.cost.model.monthly import month_uses
from l3kit.cost.model.moves import Inputs
from l3kit.cost.model.uses import PARTS, Use, sites_of
from l3kit.cost.model.workload import DAYS_PER_MONTH, RANGES, Workload
from l3kit.errors import ConfigurationError
from l3kit.prices.price_book import PriceBook
from l3kit.prices.price_file import Figure, Key, Provider
from l3kit.twin.layout import Layout

if TYPE_CHECKING:
    import pandas as pd


def price_grid(scenarios: pd.DataFrame, book: PriceBook, regions: Mapping[Provider, str] | None = None) -> pd.DataFrame:
    """Price each row's workload for a month.

    Args:
        scenarios: a column `layout` (text such as `aws-azure-gcp`) and columns named as the fields of `Workload`;
            fields without a column take their default.
    Returns: the same index; a column in USD for each part of the bill, `total`, and `objects_per_month`. Floats; NaN is
        unknown, and a sum over an unknown is NaN too.
    Raises: ConfigurationError naming the first column, row and value that is not allowed.
    """
    import pandas as pd

    _check(scenarios)
    columns = [*PARTS, "total", "objects_per_month"]
    pieces = [
        _price_layout(part, Layout.parse(str(name)), book, regions)
        for name, part in scenarios.groupby("layout", sort=False)
    ]
    if not pieces:
        return pd.DataFrame(columns=columns, index=scenarios.index, dtype=float)
    return pd.concat(pieces).loc[scenarios.index, columns]


def _check(scenarios: pd.DataFrame) -> None:
    import numpy as np

    if not scenarios.index.is_unique:
        raise ConfigurationError("scenarios", "the index has the same label twice", "Allowed: a unique index")
    known = [field.name for field in fields(Workload)]
    needed = ["layout", *(f.name for f in fields(Workload) if f.default is MISSING)]
    if missing := [name for name in needed if name not in scenarios]:
        raise ConfigurationError("scenarios", f"has no column {', '.join(missing)}", f"Needed: {', '.join(needed)}")
    for name in scenarios:
        if name not in known and name != "layout":
            raise ConfigurationError(f"scenarios: {name}", "is not known", f"Known: layout, {', '.join(known)}")
        if name in RANGES:
            low, high, whole = RANGES[str(name)]
            values = scenarios[name].to_numpy(dtype=float)
            bad = ~((values >= float(low)) & (values <= float(high))) | (whole & (np.mod(values, 1) != 0))
            if bad.any():
                row = scenarios.index[int(bad.argmax())]
                kind = "a whole number" if whole else "a number"
                raise ConfigurationError(
                    f"scenarios: {name}, row {row}",
                    f"{values[int(bad.argmax())]:g} is not allowed",
                    f"Allowed: {kind} from {low:,f} to {high:,f}",
                )


def _price_layout(
    scenarios: pd.DataFrame, layout: Layout, book: PriceBook, regions: Mapping[Provider, str] | None
) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    w = _inputs(scenarios)
    uses: list[Use] = []
    month_uses(w, sites_of(book, layout, regions), uses.append)
    parts = {part: np.zeros(len(scenarios)) for part in PARTS}
    used: dict[Key, Any] = {}
    for use in uses:
        quantity = use.quantity / float(use.figure.unit_size)
        before = used.get(use.figure.key, 0.0)
        free = _free(use) * w.free_tiers
        amount = _stepped(use.figure, before + quantity, free) - _stepped(use.figure, before, free)
        parts[use.part] += np.where(quantity == 0, 0.0, amount)
        used[use.figure.key] = before + quantity
    frame = pd.DataFrame(parts, index=scenarios.index)
    frame["total"] = frame[list(PARTS)].sum(axis=1, skipna=False)
    frame["objects_per_month"] = w.chunks_of_run.count * (float(DAYS_PER_MONTH) / w.days_between_runs)
    return frame


def _inputs(scenarios: pd.DataFrame) -> Inputs:
    import numpy as np

    numbers: dict[str, Any] = {}
    for field in fields(Workload):
        if field.name in scenarios:
            numbers[field.name] = scenarios[field.name].to_numpy(dtype=float)
        else:
            numbers[field.name] = np.full(len(scenarios), float(field.default))  # type: ignore[arg-type]
    return Inputs(ops=ARRAYS, **numbers)


def _free(use: Use) -> float:
    if use.allowance is None:
        return 0.0
    if use.allowance.value is None:
        return float("nan")
    return float(use.allowance.value * use.allowance.unit_size / use.figure.unit_size)


def _stepped(figure: Figure, quantity: Any, free: Any) -> Any:
    """`bill.stepped` for arrays."""
    import numpy as np

    if not figure.known:
        return np.nan * quantity
    left = np.maximum(quantity - free, 0.0)
    if len(figure.steps) == 1:
        return left * float(figure.steps[0].price)
    total, start = 0.0, 0.0
    for step in figure.steps:
        end = left if step.up_to is None else np.minimum(left, float(step.up_to))
        total = total + np.maximum(end - start, 0.0) * float(step.price)
        start = start if step.up_to is None else float(step.up_to)
    return total
