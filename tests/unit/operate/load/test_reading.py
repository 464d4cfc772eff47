"""All files are read for a check before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.twin.config import Twin
from tests.support.loading import FaultyHotStore, load_into
from tests.unit.operate.load.loaded_files import HEAD, beside, row


def test_nothing_is_written_if_any_file_cannot_be_read_as_asked(twin: Twin, store: FaultyHotStore, file: Path) -> None:
    good, worse = file.with_name("b.csv"), file.with_name("c.csv")
    good.write_text(HEAD + row(1))
    file.write_text("a,b\n1,2\n")
    worse.write_text(HEAD + "pump-1,31.05.2026 10:00,1\n" * 3)
    with pytest.raises(ConfigurationError) as caught:
        load_into(store, twin, file, good, worse)
    told = str(caught.value)
    assert "2 problems" in told
    assert "a.csv:1: no column is the device" in told
    assert "c.csv:2: each of the first 3 rows is bad; this one: bad-time" in told
    assert (store.calls, beside(good)) == (0, ["a.csv", "c.csv"])
