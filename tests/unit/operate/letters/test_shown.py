"""Letters as text: words stay whole on a terminal of any width, and a pipe gets one line for each letter."""

from __future__ import annotations

from datetime import timedelta

import pytest

from l3kit.notebook.gaps import Gap
from l3kit.notebook.tables import WIDTH
from l3kit.operate.letters.listing import COLUMNS, LetterRow, LettersReport
from l3kit.operate.letters.shown import LEAST_WIDTH
from tests.support.chain import NOW

CAUSE = "message: id: is missing.\nSend the time of the reading in the member id, time or timestamp " * 3
KEY = f"no-time/2026-03-01/{'0123456789abcdef' * 4}.json"
ROWS = (
    LetterRow("aws", "no-time", CAUSE, "dispatcher", "sensor-1", NOW, NOW + timedelta(days=1), 1234, KEY),
    LetterRow("gcp", "", "is no letter\t\x1b[31m", "", None, None, NOW, 5, "notes.txt"),
)
REPORT = LettersReport(ROWS, ("a note",), (Gap("letters", "the letters on azure", "are gone", "Wait"),))


@pytest.mark.parametrize("width", [1, 60, 118, 300])
def test_on_a_terminal_each_letter_is_a_block_of_whole_words(width: int) -> None:
    text = REPORT.in_blocks(width)
    words = text.split()
    assert set(CAUSE.split()) <= set(words)
    assert KEY in words
    lines = text.splitlines()
    blocks = lines[1 : lines.index("What is missing")]
    assert all(len(line) <= max(width, LEAST_WIDTH) for line in blocks if KEY not in line)
    assert "no-time  sensor-1" in text
    assert lines[0].startswith("2 dead letters: 1 no-time, 1 not a letter; incomplete")
    assert "a note" in text
    assert str(REPORT) == repr(REPORT) == REPORT.in_blocks(WIDTH)
    assert "\x1b" not in text


def test_in_a_pipe_each_letter_is_one_line_with_all_columns() -> None:
    head, first, second = REPORT.in_lines().splitlines()
    assert tuple(head.split("\t")) == COLUMNS
    assert first.split("\t")[2] == " ".join(CAUSE.split())
    assert len(second.split("\t")) == len(COLUMNS)
    assert "\x1b" not in second
