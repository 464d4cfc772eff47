"""Progress bars for long steps, in notebooks and terminals alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from tqdm.auto import tqdm

T = TypeVar("T")
DONE = "done"
"""The last step passed to a callback of `step_printer`."""


class Silent:
    """Progress display that shows nothing, for unattended runs."""

    def steps(self, name: str) -> Callable[[str], None]:
        """A callback that takes the description of the step being done."""
        return lambda step: None

    def bar(self, name: str) -> Callable[[int, int, str], None]:
        """A callback that takes steps done, steps in all, and what is being done."""
        return lambda done, total, text: None

    def counter(self, name: str, total: int) -> Callable[[int], None]:
        """A callback that takes how many more were done."""
        return lambda count: None

    def sizes(self, name: str, total: int, unit: str = "B") -> Callable[[int, str], None]:
        """A callback that takes how many more bytes (or another unit) were done of `total`, and what they were."""
        return lambda count, text: None

    def each(self, items: Iterable[T], total: int, name: str) -> Iterator[T]:
        """Iterate over the items."""
        return iter(items)


class Bars(Silent):
    """Shows bars, in notebooks and terminals alike."""

    def steps(self, name: str) -> Callable[[str], None]:
        return step_printer(name)

    def bar(self, name: str) -> Callable[[int, int, str], None]:
        return progress_bar(name)

    def counter(self, name: str, total: int) -> Callable[[int], None]:
        return counter(name, total)

    def sizes(self, name: str, total: int, unit: str = "B") -> Callable[[int, str], None]:
        return sizes(name, total, unit)

    def each(self, items: Iterable[T], total: int, name: str) -> Iterator[T]:
        return progress(items, total=total, name=name)


def progress(items: Iterable[T], *, total: int | None = None, name: str = "") -> Iterator[T]:
    """Iterate with a progress bar."""
    return iter(tqdm(items, total=total, desc=name))


def progress_bar(name: str) -> Callable[[int, int, str], None]:
    """Return a callback for `apply`: steps done, total steps, current step."""
    bar: Any = None

    def show(done: int, total: int, text: str) -> None:
        nonlocal bar
        if bar is None:
            bar = tqdm(total=total, desc=name)
        bar.set_postfix_str(text[:50], refresh=False)
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return show


def counter(name: str, total: int) -> Callable[[int], None]:
    """Return a callback that takes the number of newly finished items."""
    bar = tqdm(total=total, desc=name)

    def add(count: int) -> None:
        bar.update(count)
        if bar.n >= total:
            bar.close()

    return add


def sizes(name: str, total: int, unit: str = "B") -> Callable[[int, str], None]:
    """Return a callback that takes the number of newly finished bytes or other units, and a text next to the bar."""
    bar = tqdm(total=total or None, desc=name, unit=unit, unit_scale=True)

    def add(count: int, text: str) -> None:
        if text:
            bar.set_postfix_str(text, refresh=False)
        bar.update(count)
        if bar.n >= total > 0:
            bar.close()

    return add


def step_printer(name: str, *, leave: bool = True) -> Callable[[str], None]:
    """Return a callback that shows the current step; `DONE` ends the display.

    Args:
        leave: keep the last line.
    """
    bar = tqdm(bar_format=name + ": {desc} ({elapsed})", leave=leave)

    def show(step: str) -> None:
        bar.set_description_str(step)
        if step == DONE:
            bar.close()

    return show
