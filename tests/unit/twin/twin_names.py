"""Names of any twin in any account."""

from __future__ import annotations

from hypothesis import strategies as st

from l3kit.twin.naming import MAX_TWIN_NAME, TWIN_NAME

twin_names = st.from_regex(TWIN_NAME, fullmatch=True).filter(lambda name: len(name) <= MAX_TWIN_NAME)
