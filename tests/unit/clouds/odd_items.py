"""Keys of a page, and places in it for odd items."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

HALF = "\ud83d"
few = settings(max_examples=60, deadline=None)
places = st.sets(st.integers(0, 19), max_size=6)


def stamp(number: int) -> str:
    return f"2026-01-01T00:00:{number:02d}Z"
