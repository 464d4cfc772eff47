"""Which log lines are wanted: functions by either name, moments and durations, and choices that are none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from l3kit.errors import ConfigurationError
from l3kit.operate.logs.choice import LogChoice, moment_since
from tests.support.log_clouds import session_of, twin_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("15m", NOW - timedelta(minutes=15)),
        ("90s", NOW - timedelta(seconds=90)),
        (" 2 h", NOW - timedelta(hours=2)),
        ("7d", NOW - timedelta(days=7)),
        ("99999d", NOW - timedelta(days=99999)),
        ("2026-03-01T10:00:00.5Z", datetime(2026, 3, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
        (datetime(2026, 3, 1, 10, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 3, 1, 8, tzinfo=UTC)),
        (date(2026, 2, 28), datetime(2026, 2, 28, tzinfo=UTC)),
        (None, None),
    ],
)
def test_since_is_a_time_or_a_duration_before_now(given: str | date | None, moment: datetime | None) -> None:
    assert moment_since(given, NOW) == moment


@pytest.mark.parametrize("given", ["yesterday", "15", "m", "-5m", "1.5h", "15 min", "", "123456d", "2026-03-01T10:00"])
def test_what_is_no_time_is_refused_with_examples(given: str) -> None:
    with pytest.raises(ConfigurationError, match=r"since .*90s, 15m, 2h or 7d"):
        moment_since(given, NOW)


def chosen(function: str | None, limit: int | None = None) -> tuple[tuple[str, str], ...]:
    twin = twin_of("aws", "azure", "gcp")
    return LogChoice.of(session_of("aws", "azure"), twin, function, None, limit, NOW).functions


@pytest.mark.parametrize("function", ["cold-writer", "twin-cold-writer-on-azure"])
def test_a_function_is_named_by_its_short_or_its_deployed_name(function: str) -> None:
    assert chosen(function) == (("cold-writer", "azure"),)


def test_without_a_name_all_functions_of_the_layout_are_chosen() -> None:
    functions = dict(chosen(None))
    assert functions["hot-to-cold-mover"] == "aws"
    assert functions["archive-writer"] == "gcp"
    assert "dispatcher" not in functions


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("hot-to-cold", "is not a function of this twin. Did you mean hot-to-cold-mover"),
        ("twin-cold-writer-on-azur", "Did you mean twin-cold-writer-on-azure"),
        ("dispatcher", "is a function that this twin's layout does not have. It has archive-writer, cold-writer"),
        ("", "Known are"),
    ],
)
def test_another_name_is_refused_with_the_nearest(function: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        chosen(function)
    assert told in str(caught.value)


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="limit: 0 is not a number of lines"):
        chosen(None, 0)
