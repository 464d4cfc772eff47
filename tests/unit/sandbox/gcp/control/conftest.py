"""Google's control plane in memory, with nothing that takes time unless a test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.support.google_plane import AT_ONCE, Google

Make = Callable[..., Google]


@pytest.fixture
def make() -> Iterator[Make]:
    """`make(billing=False)`: a control plane with these settings."""
    made: list[Google] = []

    def make(**settings: Any) -> Google:
        made.append(Google(replace(AT_ONCE, **settings)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def google(make: Make) -> Google:
    return make()
