"""Current list prices of a cloud, read from its published list into a file that overrides the price book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol, cast

from l3kit.providers import billing_of, names_with, part


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Result of `refresh_prices`: the file, its figures, and those it could not determine, with the reason."""

    path: Path
    renewed: tuple[str, ...]
    left: Mapping[str, str]


class PriceList(Protocol):
    """One cloud's published prices, named by `parts` of its `Provider`."""

    def __call__(self, path: Path | str, *, today: date, region: str, client: Any = None) -> Refreshed:
        """Refresh the prices of one cloud, as `refresh_prices` does."""


def refresh_prices(
    path: Path | str, *, today: date, cloud: str = "", region: str = "", client: Any = None
) -> Refreshed:
    """Read current list prices and write them as a file that overrides the price book.

    Args:
        path: the overlay file, for `load_prices(path)`.
        today: the date of each figure.
        cloud: the cloud; empty takes the first one whose price list l3kit can read.
        region: its region; empty takes the cloud's default.
        client: the cloud SDK's client for its price list; None makes one with the default credentials.
    Raises: PermissionMissingError if there are no credentials or they do not suffice; ProvisioningError if the price
        list failed; ConfigurationError if l3kit cannot read one of this cloud, or it has no price. No file is written
        then.
    """
    chosen = cloud or next(iter(names_with("price list")), "")
    read = cast("PriceList", part(chosen, "price list"))
    return read(path, today=today, region=region or billing_of(chosen).default_region, client=client)
