"""What became of the letters of a replay."""

from __future__ import annotations

from l3kit.operate.letters.outcomes import LeftLetter, LettersReplay
from tests.unit.operate.letters.test_shown import CAUSE, KEY


def test_a_replay_shows_each_letter_that_stayed_as_a_block() -> None:
    left = (LeftLetter("aws", "no-time", "dispatcher", "again", None, KEY, CAUSE),)
    text = LettersReplay({("aws", "no-time", "dispatcher", "again"): 1}, left).in_blocks(60)
    assert text.startswith(
        "1 dead letter: 0 replayed, 1 in the dead letters again\nno-time  again  dispatcher on aws\n"
    )
    assert f"  {KEY}\n" in text
    assert "Letters that stayed" not in text
