"""The way of a canary: the functions that it passes, and a table of its sightings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from l3kit.tiering.format.canary import Sighting
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.twin.layout import CHAIN

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.twin.layout import Layout

COLUMNS = ("place", "cloud", "at", "milliseconds")


def functions_on_way(layout: Layout) -> dict[str, str]:
    """Return the functions that an item passes before it is stored, in order, each with its cloud."""
    hosts = {name: layout.host_of(name) for name in reversed(CHAIN) if name != "event-checker"}
    return {name: cloud for name, cloud in hosts.items() if cloud}


def called_by_us(functions: dict[str, str]) -> dict[str, str]:
    """Return those that an operator may call; the others accept only requests of clouds."""
    return {name: cloud for name, cloud in functions.items() if FUNCTIONS[name].role in ("source", "step")}


def rows_of(way: Sequence[Sighting]) -> list[dict[str, Any]]:
    """Return each sighting with the milliseconds since the first, as plain values.

    The clocks are those of the places, so a difference of some milliseconds, even a negative one, may be the clocks'.
    """
    return [
        {
            "place": one.place,
            "cloud": one.cloud,
            "at": one.at.isoformat(timespec="milliseconds"),
            "milliseconds": round((one.at - way[0].at).total_seconds() * 1000, 1),
        }
        for one in way
    ]


def frame_of(way: Sequence[Sighting]) -> pd.DataFrame:
    """Return the rows as a table with the columns `COLUMNS`."""
    import pandas as pd

    return pd.DataFrame(rows_of(way), columns=list(COLUMNS))
