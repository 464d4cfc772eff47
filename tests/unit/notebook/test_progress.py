"""Progress: bars that end with their step, and silence where nobody looks; both take the same calls."""

from __future__ import annotations

import pytest

from l3kit.notebook.progress import DONE, Bars, Silent


def through(shown: Silent) -> list[int]:
    """A long step that uses every callback."""
    step, bar = shown.steps("plan"), shown.bar("apply")
    count, size = shown.counter("put", 4), shown.sizes("load", 2048)
    step("look")
    bar(1, 2, "table t")
    bar(2, 2, "bucket b")
    count(1)
    count(3)
    size(1024, "10 rows")
    size(1024, "")
    step(DONE)
    return list(shown.each(range(3), 3, "runs"))


def test_bars_show_every_step_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert through(Bars()) == [0, 1, 2]
    shown = capsys.readouterr().err
    for words in ("plan: done", "apply: 100%", "2/2", "put: 100%", "4/4", "load: 100%", "2.05k/2.05k", "runs: 100%"):
        assert words in shown, words


def test_silence_shows_nothing_and_hands_the_items_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert through(Silent()) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")
