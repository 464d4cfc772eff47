"""Progress display of the demo: bars in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import Any, Protocol, TextIO

from tqdm import tqdm

from l3kit.examples.demo.scenes import Outcome


class Display(Protocol):
    """Receives every event; `close` restores the terminal."""

    def __call__(self, event: object) -> None: ...

    def close(self) -> None: ...


def line_of(outcome: Outcome) -> str:
    """`ok       deploy_l3    7.5 s  deploy nyc-weather: 20 created`."""
    text = outcome.error or outcome.sentence
    time = f"{outcome.seconds:5.1f} s" if outcome.seconds else " " * 7
    return f"{outcome.verdict:8} {outcome.name:32} {time}  {text}"


class Lines:
    """A line when a notebook begins and when it ends."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._begun: set[str] = set()

    def __call__(self, event: Any) -> None:
        if isinstance(event, Outcome):
            print(line_of(event), file=self._out, flush=True)
        elif event is not None and event.name not in self._begun:
            self._begun.add(event.name)
            print(f"begins   {event.name}", file=self._out, flush=True)

    def close(self) -> None:
        pass


class Bars:
    """One bar over all notebooks, and below it a line for each running one: its name, section and cell."""

    def __init__(self, notebooks: int, rows: int, out: TextIO) -> None:
        form = "{l_bar}{bar}| {n:.1f} of {total_fmt} notebooks, {elapsed}"
        self._whole = tqdm(total=notebooks, file=out, position=0, leave=False, dynamic_ncols=True, bar_format=form)
        self._rows = [
            tqdm(file=out, position=row + 1, leave=False, dynamic_ncols=True, bar_format="  {desc}")
            for row in range(rows)
        ]
        self._named: dict[str, int] = {}
        self._parts: dict[str, float] = {}
        self._out = out

    def __call__(self, event: Any) -> None:
        if isinstance(event, Outcome):
            self._parts[event.name] = 1.0
            self._show(self._named.pop(event.name, None), "")
            tqdm.write(line_of(event), file=self._out)
        elif event is not None:
            self._parts[event.name] = (event.number - 1) / event.count
            free = (row for row in range(len(self._rows)) if row not in self._named.values())
            row = self._named.setdefault(event.name, next(free, 0))
            section = f"  {event.section}" if event.section else ""
            self._show(row, f"{event.name}:{section}  (cell {event.number} of {event.count})")
        self._whole.n = sum(self._parts.values())
        self._whole.refresh()

    def close(self) -> None:
        for bar in (*reversed(self._rows), self._whole):
            bar.close()

    def _show(self, row: int | None, text: str) -> None:
        if row is not None:
            self._rows[row].set_description_str(text)


def display(notebooks: int, rows: int, out: TextIO | None = None) -> Display:
    """Return bars if the output is a terminal, else lines."""
    out = out or sys.stdout
    return Bars(notebooks, rows, out) if out.isatty() else Lines(out)
