"""A row whose item is there already: the same, another, or replaced."""

from __future__ import annotations

import json
from pathlib import Path

from l3kit.twin.config import Twin
from tests.support.loading import FaultyHotStore, load_into
from tests.unit.operate.load.loaded_files import HEAD, row, values


def test_other_content_stays_and_is_told_unless_it_is_replaced(twin: Twin, store: FaultyHotStore, file: Path) -> None:
    file.write_text(HEAD + row(1) + row(2))
    load_into(store, twin, file)
    file.write_text(HEAD + row(1, "1.00") + row(2, "5") + row(2, "6"))
    report = load_into(store, twin, file)
    assert (report.total("same"), dict(report.files[0].problems)) == (1, {"other-content": 2})
    assert '"v":1.0' in report.files[0].first[0][2]
    assert values(store) == {1: "1.0", 2: "1.0"}
    replaced = load_into(store, twin, file, replace=True)
    assert (replaced.total("same"), replaced.total("replaced"), replaced.total("bad")) == (1, 2, 0)
    assert values(store)[2] == "6", "the last row of the file"
    old = Path(replaced.files[0].replaced_path).read_text().splitlines()
    assert [json.loads(one)["v"] for one in old] == [1.0, 5]
