"""Times of rows without a zone, and in other formats."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.errors import ConfigurationError
from l3kit.operate.load.times import BadTimeError, RowTimes, checked_form, zone_of

VIENNA = ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-07-01 08:30:00", "2026-07-01T06:30:00Z"),
        ("2026-01-01T08:30", "2026-01-01T07:30:00Z"),
        ("2026-01-01T08:30:00.123456789", "2026-01-01T07:30:00.123456789Z"),
        ("2026-01-01t08:30:00.5", "2026-01-01T07:30:00.5Z"),
    ],
)
def test_a_local_time_becomes_utc_with_its_digits(text: str, utc: str) -> None:
    assert RowTimes(VIENNA).accepted(text) == utc


@pytest.mark.parametrize("text", ["2026-07-01T08:30:00+02:00", "1780216200250", "20260531T083000Z", "soon"])
def test_other_texts_are_left_to_the_messages_rules(text: str) -> None:
    assert RowTimes(VIENNA).accepted(text) == text


@given(st.datetimes(datetime(1850, 1, 1), datetime(2200, 1, 1)), st.sampled_from(["earlier", "later"]))
def test_every_local_time_is_converted_as_zoneinfo_does_or_refused(clock: datetime, which: str) -> None:
    times = RowTimes(VIENNA, which)  # type: ignore[arg-type]
    moment = clock.replace(tzinfo=VIENNA, fold=int(which == "later")).astimezone(UTC)
    there = moment.astimezone(VIENNA).replace(tzinfo=None, fold=0) == clock.replace(fold=0)
    text = clock.isoformat()
    if not there:
        with pytest.raises(BadTimeError, match="does not exist in Europe/Vienna"):
            times.accepted(text)
    else:
        assert datetime.fromisoformat(times.accepted(text)) == moment


def test_a_time_that_occurs_twice_is_refused_unless_one_is_chosen() -> None:
    text = "2026-10-25 02:30:00"
    with pytest.raises(BadTimeError, match=r"occurs twice.*--repeated-hour") as caught:
        RowTimes(VIENNA).accepted(text)
    assert caught.value.problem == "hour-twice"
    assert RowTimes(VIENNA, "earlier").accepted(text) == "2026-10-25T00:30:00Z"
    assert RowTimes(VIENNA, "later").accepted(text) == "2026-10-25T01:30:00Z"


def test_without_a_zone_a_local_time_is_refused_with_the_flag() -> None:
    with pytest.raises(BadTimeError, match=r"has no time zone.*--timezone"):
        RowTimes().accepted("2026-10-25 02:30:00")


def test_a_format_of_the_files_own() -> None:
    times = RowTimes(VIENNA, form="%d.%m.%Y %H:%M")
    assert times.accepted("31.12.2025 10:00") == "2025-12-31T09:00:00Z"
    with pytest.raises(BadTimeError, match="is not in the format"):
        times.accepted("2025-12-31T10:00:00Z")
    assert RowTimes(form="%d/%m/%y %H:%M %z").accepted("31/12/25 10:00 +0200") == "2025-12-31T08:00:00Z"


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%H:%M", "%d.%m.%Y %H:%M %Q", "day"])
def test_a_format_that_names_no_moment_is_refused(form: str) -> None:
    with pytest.raises(ConfigurationError, match="--time-format"):
        checked_form(form)


def test_an_unknown_zone_is_refused() -> None:
    assert zone_of("") is None
    for name in ("Europe/Wien", "../etc/passwd", "CET+7:00"):
        with pytest.raises(ConfigurationError, match="not a time zone known here"):
            zone_of(name)


def test_the_first_years_of_the_calendar_are_no_crash() -> None:
    with pytest.raises(BadTimeError):
        RowTimes(ZoneInfo("Asia/Tokyo")).accepted("0001-01-01 00:00")
