"""Text with half of a surrogate pair."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from l3kit.clouds.aws.data import odd_text


@given(st.text(st.characters(), max_size=20))
def test_odd_text_reads_what_it_writes(text: str) -> None:
    assert odd_text.loads(odd_text.dumps({"a": text, text: 1})) == {"a": text, text: 1}
    orjson.dumps(odd_text.printable(text))
