"""The price book: all figures by provider, region, service, tier and rate, with the user's overrides."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from l3kit.errors import ConfigurationError
from l3kit.prices.price_file import Figure, Key, Provider, read_prices
from l3kit.providers import billing_of, priced_names

if TYPE_CHECKING:
    import pandas as pd

MAX_AGE = timedelta(days=365)
"""Figures older than this are stale."""


def default_regions() -> dict[Provider, str]:
    """Return the default region of each cloud."""
    return {name: billing_of(name).default_region for name in priced_names()}


@dataclass(frozen=True)
class PriceBook:
    """Validated figures, made by `load_prices`; immutable, but can be overlaid."""

    figures: Mapping[Key, Figure]

    def figure(self, provider: Provider, region: str, service: str, tier: str, rate: str) -> Figure:
        """Return a figure; its value may be unknown (`known` is False then).

        Raises: ConfigurationError naming the missing key and the existing ones.
        """
        key = Key(provider, region, service, tier, rate)
        if (found := self.figures.get(key)) is not None:
            return found
        raise self._missing(key)

    def s3(self, tier: str, rate: str) -> Figure:
        """Return a figure of S3 in the default region. Raises: ConfigurationError, as `figure` does."""
        return self.figure("aws", billing_of("aws").default_region, "s3", tier, rate)

    def find(self, provider: Provider, region: str, service: str, tier: str, rate: str) -> Figure | None:
        """Return a figure, or None: for figures that only some tiers have, such as a minimum duration."""
        return self.figures.get(Key(provider, region, service, tier, rate))

    def check_region(self, provider: Provider, region: str) -> None:
        """Check that there are prices for a region. Raises: ConfigurationError listing those that have."""
        if region not in (known := self.regions(provider)):
            raise ConfigurationError(
                f"prices of {provider}: region", f"{region!r} is not in the price book", f"Allowed: {', '.join(known)}"
            )

    def regions(self, provider: Provider) -> list[str]:
        return sorted({key.region for key in self.figures if key.provider == provider})

    def overlaid(self, over: Mapping[Key, Figure]) -> PriceBook:
        """This book with figures replaced or added.

        Raises: ConfigurationError for a service, tier or rate that no region of the book has, so it would be unused.
        """
        for key, figure in over.items():
            known = sorted({k[2:] for k in self.figures if k.provider == key.provider})
            if key[2:] not in known:
                names = [".".join(parts) for parts in known]
                near = difflib.get_close_matches(".".join(key[2:]), names, n=3, cutoff=0.3)
                raise ConfigurationError(
                    f"{figure.file}: {'.'.join(key[1:])}",
                    "no price of this name is used",
                    f"Allowed: a name of {key.provider}.yaml, such as {', '.join(near or names[:3])}",
                )
        return PriceBook({**self.figures, **over})

    def stale(self, today: date, keys: Iterable[Key] | None = None) -> list[Figure]:
        """Prices without a date, or with one more than a year before `today`.

        Args:
            keys: check only these, such as a bill's `keys`; None checks all.
        """
        wanted = self.figures if keys is None else dict.fromkeys(keys)
        found = (self.figures[key] for key in wanted)
        return [f for f in found if f.meaning.money and (f.as_of is None or today - f.as_of > MAX_AGE)]

    def unconfirmed(self, keys: Iterable[Key] | None = None) -> list[Figure]:
        """Figures that do not come from the provider's price list or documentation, or are unknown."""
        wanted = self.figures if keys is None else dict.fromkeys(keys)
        return [self.figures[key] for key in wanted if not (self.figures[key].confirmed and self.figures[key].known)]

    def to_frame(self, keys: Iterable[Key] | None = None) -> pd.DataFrame:
        """One row per figure: provider, region, service, tier, rate, value, unit, as of, confirmed, source, note."""
        import pandas as pd

        wanted = [self.figures[key] for key in (self.figures if keys is None else dict.fromkeys(keys))]
        rows = [
            [
                *f.key,
                _figure_text(f),
                f.unit,
                f.as_of.isoformat() if f.as_of else "undated",
                f.confirmed,
                f.source,
                f.note,
            ]
            for f in wanted
        ]
        columns = ["provider", "region", "service", "tier", "rate", "value", "unit", "as of", "confirmed", "source"]
        return pd.DataFrame(rows, columns=[*columns, "note"])

    def _missing(self, key: Key) -> ConfigurationError:
        self.check_region(key.provider, key.region)
        narrowing = list(self.figures)
        for part, name in zip(key, Key._fields, strict=True):
            level = Key._fields.index(name)
            if part not in (known := sorted({k[level] for k in narrowing})):
                what = ".".join(key[1 : level + 1])
                return ConfigurationError(
                    f"prices of {key.provider}: {what}", f"there is no {name} {part!r}", f"Allowed: {', '.join(known)}"
                )
            narrowing = [k for k in narrowing if k[level] == part]
        raise AssertionError(key)


def load_prices(*overlays: Path | str) -> PriceBook:
    """Load the prices of l3kit and of clouds from other packages, overridden by a user's files in turn.

    Args:
        overlays: files of the same form; each replaces the figures it names and may add regions.
    Raises: ConfigurationError naming file, key, value and what is allowed.
    """
    figures: dict[Key, Figure] = {}
    own = resources.files("l3kit.prices")
    for provider in priced_names():
        with resources.as_file(billing_of(provider).price_list or own / f"{provider}.yaml") as path:
            figures |= read_prices(path)
    book = PriceBook(figures)
    for overlay in overlays:
        book = book.overlaid(read_prices(Path(overlay)))
    return book


@dataclass(frozen=True, slots=True)
class Site:
    """One cloud in one region of a book."""

    book: PriceBook
    provider: Provider
    region: str

    def figure(self, service: str, tier: str, rate: str) -> Figure:
        """Return a figure. Raises: ConfigurationError if it is missing."""
        return self.book.figure(self.provider, self.region, service, tier, rate)

    def fact(self, service: str, tier: str, rate: str) -> Decimal:
        """A plain figure such as a minimum duration in days; 0 if the tier has none, NaN if unknown."""
        found = self.book.find(self.provider, self.region, service, tier, rate)
        if found is None:
            return Decimal(0)
        return Decimal("NaN") if found.value is None else found.value * found.unit_size


def _figure_text(figure: Figure) -> str:
    if not figure.known:
        return "unknown"
    if len(figure.steps) == 1:
        return f"{figure.steps[0].price:f}"
    return "; ".join(_step_texts(figure))


def _step_texts(figure: Figure) -> Iterator[str]:
    for step in figure.steps:
        yield f"{step.price:f}" + (f" to {step.up_to:f}" if step.up_to is not None else " beyond")
