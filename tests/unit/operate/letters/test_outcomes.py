"""What became of the letters of a replay."""

from __future__ import annotations

import pytest

from l3kit.errors import CheckFailedError
from l3kit.notebook.gaps import Gap
from l3kit.operate.letters.outcomes import MAX_LEFT, LeftLetter, LettersReplay, Tally
from tests.unit.operate.letters.test_shown import CAUSE, KEY


def test_a_replay_shows_each_letter_that_stayed_as_a_block() -> None:
    left = (LeftLetter("aws", "no-time", "dispatcher", "again", None, KEY, CAUSE),)
    text = LettersReplay({("aws", "no-time", "dispatcher", "again"): 1}, left).in_blocks(60)
    assert text.startswith(
        "1 dead letter: 0 replayed, 1 in the dead letters again\nno-time  again  dispatcher on aws\n"
    )
    assert f"  {KEY}\n" in text
    assert "Letters that stayed" not in text


def left(number: int) -> LeftLetter:
    return LeftLetter("aws", "no-time", "dispatcher", "again", "sensor-1", f"no-time/{number}", "it has no time")


def test_of_many_letters_that_stayed_all_are_counted_and_the_first_named() -> None:
    tally = Tally()
    for number in range(MAX_LEFT + 7):
        tally.add(left(number))
    tally.add(LeftLetter("aws", "no-time", "dispatcher", "arrived", "sensor-1", "no-time/x", ""))
    replay = LettersReplay(dict(tally.counts), tuple(tally.left))
    assert (replay.stayed, len(replay.left), replay.total("arrived")) == (MAX_LEFT + 7, MAX_LEFT, 1)
    assert replay.left[-1] == left(MAX_LEFT - 1)
    with pytest.raises(
        CheckFailedError, match=r"1,007 letters stayed; no-time/0 on aws: it has no time; .*and 1,004 more"
    ):
        replay.raise_if_failed()


def test_a_replay_that_left_nothing_raises_nothing_and_one_that_reached_not_all_does() -> None:
    arrived = {("aws", "no-time", "dispatcher", "arrived"): 3}
    LettersReplay(arrived).raise_if_failed()  # type: ignore[arg-type]
    gone = LettersReplay(arrived, gaps=(Gap("letters", "the letters on azure", "are gone", "Wait"),))  # type: ignore[arg-type]
    with pytest.raises(CheckFailedError, match=r"is incomplete.*Wait"):
        gone.raise_if_failed()
    assert gone.to_json()["complete"] is False


def test_a_dry_run_tells_what_would_be_sent_and_has_not_failed() -> None:
    replay = LettersReplay({("aws", "no-time", "dispatcher", "planned"): 2}, dry_run=True)
    assert replay.summary() == "a dry run: 2 letters would be replayed"
    replay.raise_if_failed()
