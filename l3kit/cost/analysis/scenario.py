"""A cost scenario as a file: the workload, its layout and regions, the user's prices, a budget."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from l3kit.cost.analysis.budget import check_budget
from l3kit.cost.analysis.compression import COMPRESSIONS, Measured, measure, measure_weather, read_items
from l3kit.cost.model.bill import Bill
from l3kit.cost.model.monthly import monthly_bill
from l3kit.cost.model.uses import sites_of
from l3kit.cost.model.workload import Workload, as_number
from l3kit.errors import ConfigurationError
from l3kit.given_values import check_known, in_file, read_table
from l3kit.prices.price_book import PriceBook, load_prices
from l3kit.prices.price_file import Provider
from l3kit.twin.layout import Layout
from l3kit.twin.target import new_name

KEYS: Mapping[str, str] = {
    "layout": "clouds of hot, cold and archive, such as aws-azure-gcp",
    "regions": "region of each cloud; a cloud that is not named is in its default region",
    "prices": "file of own prices over those of l3kit; empty is none",
    "compression": "at rest: none, gzip or zstd; with the ratio measured on the sample",
    "sample": "items to measure the ratios on: one JSON object per line, or the example's weather (.csv.gz)",
    "budget_usd": "of a month; empty is none",
}
"""Scenario fields in addition to those of `Workload`."""
WORKLOAD_KEYS: tuple[str, ...] = tuple(field.name for field in fields(Workload))


@dataclass(frozen=True, slots=True)
class Scenario:
    """A workload with its layout and prices. `measured`: of the sample, None without one."""

    workload: Workload
    layout: Layout
    regions: Mapping[Provider, str]
    book: PriceBook
    budget_usd: Decimal | None = None
    measured: Measured | None = None

    def bill(self) -> Bill:
        """The bill of a month. Raises: ConfigurationError for an unknown region or a missing price."""
        return monthly_bill(self.workload, self.layout, self.book, self.regions)

    def check_budget(self) -> None:
        """Check the bill against any budget. Raises: BudgetExceededError; CheckFailedError if it is incomplete."""
        if self.budget_usd is not None:
            check_budget(self.bill(), self.budget_usd)

    @classmethod
    def of(cls, values: Mapping[str, Any], folder: Path, *, ignored: Collection[str] = ()) -> Scenario:
        """Build a scenario from names and plain values.

        Args:
            folder: base of the relative paths in `prices` and `sample`.
            ignored: names with another use, such as a notebook's parameters.
        Raises: ConfigurationError naming each unknown or wrong value and what is allowed.
        """
        given = {name: value for name, value in values.items() if name not in ignored}
        for name in given:
            if new := new_name(name):
                raise ConfigurationError(f"scenario: {name}", f"is now called {new}", "Rename it")
        check_known("scenario", given, (*KEYS, *WORKLOAD_KEYS))
        workload = Workload.of({name: given[name] for name in WORKLOAD_KEYS if name in given})
        measured = _measured(given.get("sample"), folder, workload)
        workload = _compressed(workload, given, measured)
        prices = given.get("prices") or ""
        book = load_prices(*([folder / str(prices)] if prices else []))
        layout = Layout.parse(str(given.get("layout", "aws-aws-aws")))
        sites = sites_of(book, layout, _regions(given.get("regions") or {}))
        return cls(workload, layout, sites.regions, book, _budget(given.get("budget_usd")), measured)


def load_scenario(path: Path, *, ignored: Collection[str] = (), folder: Path | None = None) -> Scenario:
    """Read a YAML file of names and values.

    Args:
        folder: base of its relative paths; None is the file's own folder.
    Raises: ConfigurationError naming file, key, value and what is allowed.
    """
    content = read_table(path)
    with in_file(path):
        return Scenario.of(content, folder or path.parent, ignored=ignored)


def _regions(given: Any) -> dict[Provider, str]:
    if not isinstance(given, Mapping):
        raise ConfigurationError("regions", f"{given!r} is not allowed", "Allowed: PROVIDER: REGION")
    return {provider: str(region) for provider, region in given.items()}


def _budget(given: Any) -> Decimal | None:
    if given is None or given == "":
        return None
    budget = as_number(given)
    if budget is None or budget < 0:
        raise ConfigurationError("budget_usd", f"{given!r} is not allowed", "Allowed: USD, 0 or more")
    return budget


def _measured(sample: Any, folder: Path, workload: Workload) -> Measured | None:
    if not sample:
        return None
    path = folder / str(sample)
    chunk_bytes = int(workload.chunk_bytes)
    return measure_weather(path, chunk_bytes) if path.suffix == ".gz" else measure(read_items(path), chunk_bytes)


def _compressed(workload: Workload, given: Mapping[str, Any], measured: Measured | None) -> Workload:
    """The workload with the measured ratios; ratios given as numbers stay."""
    name = given.get("compression", "none")
    if name not in COMPRESSIONS:
        raise ConfigurationError("compression", f"{name!r} is not known", f"Allowed: {', '.join(COMPRESSIONS)}")
    if measured is None:
        if name != "none" and "at_rest_ratio" not in given:
            raise ConfigurationError("compression", f"{name} without its ratio", "Give a sample, or at_rest_ratio")
        return workload
    ratios = {key: given[key] for key in ("at_rest_ratio", "wire_ratio") if key in given}
    applied = measured.apply(workload, name)
    return Workload.of({**{key: getattr(applied, key) for key in WORKLOAD_KEYS}, **ratios})
