"""Following logs: every line once, late ones too, and what cannot be read told once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from l3kit.clouds.ports.function_logs import LogLine
from l3kit.errors import L3Error, ProvisioningError
from l3kit.notebook.gaps import Gap
from l3kit.operate.logs.following import follow
from tests.support.log_clouds import LogCloud, session_of, twin_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOVER = "hot-to-cold-mover"
THROTTLED = ProvisioningError("log group g", "refuses further requests", "Ask again")


class Ended(Exception):
    """No step is left."""


def line(seconds: int, id: str = "") -> LogLine:
    return LogLine(id or str(seconds), NOW + timedelta(seconds=seconds), f"text {id or seconds}")


def followed(cloud: LogCloud, *steps: Callable[[], None]) -> list[str]:
    """What is told while these steps are taken one after another, each in a pause."""
    left, told = iter(steps), list[str]()

    def sleep(seconds: float) -> None:
        step = next(left, None)
        if step is None:
            raise Ended
        told.append("|")
        step()

    try:
        for one in follow(session_of(cloud), twin_of("aws", "aws", "aws"), MOVER, since="15m", sleep=sleep, now=NOW):
            told.append(one.reason if isinstance(one, Gap) else one.text.removeprefix("text "))
    except Ended:
        return told
    raise AssertionError("following never ends by itself")


def with_lines(*lines: LogLine | L3Error) -> LogCloud:
    cloud = LogCloud("aws")
    cloud.kept[MOVER] = list(lines)
    return cloud


def test_each_line_is_told_once_also_one_that_comes_late() -> None:
    cloud = with_lines(line(1), line(2))
    kept = cloud.kept[MOVER]
    told = followed(cloud, lambda: kept.append(line(3)), lambda: kept.insert(0, line(-50)), lambda: None)
    assert told == ["1", "2", "|", "3", "|", "-50", "|"]


def test_lines_of_one_moment_are_told_apart_by_their_ids() -> None:
    cloud = with_lines(line(1, "a"))
    assert followed(cloud, lambda: cloud.kept[MOVER].append(line(1, "b"))) == ["a", "|", "b"]


def test_only_the_last_minute_is_read_again() -> None:
    cloud = with_lines(line(-600), line(100))
    followed(cloud, lambda: None)
    assert [since for _, since in cloud.asked] == [NOW - timedelta(minutes=15), NOW + timedelta(seconds=40)]


def test_a_log_that_cannot_be_read_is_told_once_until_it_is_read_again() -> None:
    cloud = with_lines(line(1), THROTTLED)
    kept = cloud.kept[MOVER]
    told = followed(cloud, lambda: None, lambda: kept.remove(THROTTLED), lambda: kept.append(THROTTLED))
    reason = f"could not be read: {THROTTLED.resource}: {THROTTLED.cause}"
    assert told == ["1", reason, "|", "|", "|", reason]
