"""Progress bars for long steps, in notebooks and terminals alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from tqdm.auto import tqdm

T = TypeVar("T")
DONE = "done"
"""The last step passed to a callback of `step_printer`."""


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


def step_printer(name: str) -> Callable[[str], None]:
    """Return a callback that shows the current step; `DONE` ends the display."""
    bar = tqdm(bar_format=name + ": {desc} ({elapsed})")

    def show(step: str) -> None:
        bar.set_description_str(step)
        if step == DONE:
            bar.close()

    return show
