"""The list of sandboxes; in a pipe, one line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from l3kit.notebook.tables import Displayable, Sheet, Table
from l3kit.sandbox.listing import Listed

HEAD = ("NAME", "", "SINCE", "CLOUDS", "TWINS", "PROCESSES", "MEMORY", "HOME")
NONE = "no sandbox in this project, and none running elsewhere; start one with `l3kit sandbox up`"


@dataclass(frozen=True, slots=True, repr=False)
class SandboxList(Displayable):
    """The sandboxes with the known facts about each."""

    found: tuple[Listed, ...]

    def to_json(self) -> dict[str, Any]:
        return {"sandboxes": [one.to_json() for one in self.found]}

    def sheet(self) -> Sheet:
        """A row for each sandbox."""
        return Sheet("", (Table(HEAD, tuple(map(_row, self.found))),)) if self.found else Sheet(NONE)

    def __str__(self) -> str:
        if not self.found:
            return NONE
        rows = [HEAD, *map(_row, self.found)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _row(one: Listed) -> tuple[str, ...]:
    size = (str(one.processes), f"{one.megabytes:,} MB") if one.running else ("", "")
    clouds, twins = " ".join(one.clouds), " ".join(one.twins)
    return (one.name or "-", "up" if one.running else "down", one.since, clouds, twins, *size, one.home)
