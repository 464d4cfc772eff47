"""Letters laid aside on disk come back in the order of their receipt."""

from __future__ import annotations

from datetime import timedelta

from l3kit.operate.letters.chosen import Found
from l3kit.operate.letters.spool import Spool
from l3kit.tiering.ports import ObjectInfo
from l3kit.tiering.stream.letters import DeadLetter
from tests.support.chain import NOW


def test_a_spool_gives_letters_back_oldest_first_and_unknown_ones_by_when_they_were_written() -> None:
    def found(key: str, written: int, received: int | None = None) -> Found:
        info = ObjectInfo(key, 1, "tag", NOW + timedelta(seconds=written))
        moment = None if received is None else NOW + timedelta(seconds=received)
        return Found("aws", info, DeadLetter("no-time", "", "dispatcher", b"x" * written, received=moment))

    given = [found("a", 9, 5), found("b", 4), found("c", 8, 1), found("d", 4)]
    with Spool() as spool:
        for one in given:
            spool.add(one)
        assert len(spool) == 4
        assert [one.info.key for one in spool.oldest_first()] == ["c", "b", "d", "a"]
        assert list(spool.oldest_first())[1] == given[1]
