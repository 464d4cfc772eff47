"""Which texts are times, which moment each is, and the one form that is written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from l3kit.errors import NotATimeError
from l3kit.tiering.format.item_times import (
    DAY,
    FIRST_MOMENT,
    LAST_MOMENT,
    MINUTE,
    MOVABLE_FORM,
    SECOND,
    canonical,
    canonical_text,
    day_of,
    form_of,
    moment_of,
    moment_or_none,
    movable_moment,
    read_moment,
    start_of,
    why_unmovable,
)
from tests.support.spellings import MOMENTS, spelled

NOON = moment_of(datetime(2026, 5, 31, 12, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-31T12:00:00Z",
        "2026-05-31T12:00Z",
        "2026-05-31T12:00:00.000000000Z",
        "2026-05-31T12:00:00+00:00",
        "2026-05-31T12:00:00-00:00",
        "2026-05-31T14:00:00+02:00",
        "2026-05-31T14:00:00+0200",
        "2026-06-01T02:00+14:00",
        "2026-05-31t12:00:00z",
        "2026-05-31 12:00:00Z",
        "20260531T120000Z",
        "20260531T120000.0Z",
        "1780228800",
        "1780228800000",
        "1780228800000000",
        "1780228800000000000",
    ],
)
def test_every_accepted_form_is_read_as_its_moment(text: str) -> None:
    assert read_moment(text) == NOON
    assert canonical_text(text) == "2026-05-31T12:00:00.000Z"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is neither"),
        ("31.12.2025 10:00", "is neither"),
        ("2026-05-31", "is a date without a time"),
        ("20260531", "is a date without a time"),
        ("2026-05-31T12:00:00", "has no time zone"),
        ("2026-05-31 12:00", "has no time zone"),
        ("20260531T120000", "has no time zone"),
        ("2026-02-29T12:00:00Z", "invalid date"),
        ("2026-13-01T12:00:00Z", "invalid date"),
        ("0000-01-01T00:00:00Z", "invalid date"),
        ("2026-05-31T24:00:00Z", "invalid time of day"),
        ("2026-05-31T12:60:00Z", "invalid time of day"),
        ("2026-06-30T23:59:60Z", "leap second"),
        ("2026-05-31T12:00:00.1234567890Z", "more than 9 fraction digits"),
        ("2026-05-31T12:00:00+15:00", "invalid offset"),
        ("2026-05-31T12:00:00+02:75", "invalid offset"),
        ("0001-01-01T00:00:00+01:00", "outside the years"),
        ("9999-12-31T23:59:59-01:00", "outside the years"),
        ("-1780228800", "is negative"),
        ("178022880", "has 9 digits"),
        ("17802288000", "has 11 digits"),
        ("1780228800.5", "is neither"),
        ("2026-W22-7T12:00:00Z", "is neither"),
        ("2026-151T12:00:00Z", "is neither"),
        ("٢٠٢٦-05-31T12:00:00Z", "is neither"),
        ("2026-05-31T12:00:00Z\n", "is neither"),
        ("١٧٨٠٢٢٨٨٠٠", "is neither"),
        ("01JWJZ8YJ0ABCDEFGHJKMNPQRS", "is neither"),
    ],
)
def test_everything_else_is_refused_with_the_reason_and_the_remedy(text: str, reason: str) -> None:
    with pytest.raises(NotATimeError) as caught:
        read_moment(text)
    assert reason in caught.value.cause
    assert "2026-05-31T08:30:00.000Z" in caught.value.remedy
    assert moment_or_none(text) is None
    assert movable_moment(text) is None


@given(MOMENTS, st.data())
def test_every_spelling_of_a_moment_is_read_back_as_it(moment: int, data: st.DataObject) -> None:
    text = data.draw(spelled(moment))
    assert read_moment(text) == moment


@given(st.integers(FIRST_MOMENT, LAST_MOMENT))
@example(FIRST_MOMENT)
@example(LAST_MOMENT)
@example(-1)
def test_the_canonical_form_is_movable_and_read_back(moment: int) -> None:
    text = canonical(moment, 9)
    assert movable_moment(text) == moment
    assert len(text) == len("2026-05-31T12:00:00.000000000Z")


@given(st.lists(st.integers(FIRST_MOMENT, LAST_MOMENT).map(lambda m: m // 10**6 * 10**6), max_size=5))
def test_the_canonical_forms_of_a_twin_sort_by_time(moments: list[int]) -> None:
    assert [canonical(m) for m in sorted(moments)] == sorted(canonical(m) for m in moments)


@pytest.mark.parametrize(
    ("fraction", "digits", "written"),
    [(0, 0, "12:00:00Z"), (0, 3, "12:00:00.000Z"), (250_000_000, 3, "12:00:00.250Z"), (1, 9, "12:00:00.000000001Z")],
)
def test_the_canonical_form_has_as_many_digits_as_the_twins_times(fraction: int, digits: int, written: str) -> None:
    assert canonical(NOON + fraction, digits) == f"2026-05-31T{written}"


def test_a_time_with_more_digits_than_the_twins_is_refused_and_never_rounded() -> None:
    with pytest.raises(NotATimeError, match=r"has 4 fraction digits.*allows 3.*Set time_digits to 4 in config\.json"):
        canonical_text("2026-05-31T12:00:00.12340Z")


@pytest.mark.parametrize("moment", [FIRST_MOMENT - 1, LAST_MOMENT + 1])
def test_a_moment_outside_of_the_calendar_cannot_be_written(moment: int) -> None:
    with pytest.raises(NotATimeError, match="years 1 to 9999"):
        canonical(moment, 9)


def test_an_hour_that_comes_twice_in_autumn_is_two_moments() -> None:
    first, second = read_moment("2026-10-25T02:30:00+02:00"), read_moment("2026-10-25T02:30:00+01:00")
    assert second - first == 60 * MINUTE


@pytest.mark.parametrize("year", [1, 1582, 1969, 1970, 2026, 9999])
def test_datetimes_and_texts_agree(year: int) -> None:
    when = datetime(year, 3, 4, 5, 6, 7, 891_234, tzinfo=UTC)
    assert moment_of(when) == read_moment(when.isoformat())
    elsewhere = when.astimezone(timezone(timedelta(hours=-3, minutes=-30)))
    assert moment_of(elsewhere) == moment_of(when)


def test_pandas_keeps_its_nanoseconds() -> None:
    pd = pytest.importorskip("pandas")
    assert moment_of(pd.Timestamp("2026-05-31T12:00:00.123456789Z")) == NOON + 123_456_789


def test_a_datetime_without_a_zone_is_refused() -> None:
    with pytest.raises(NotATimeError, match="has no time zone"):
        moment_of(datetime(2026, 5, 31))


def test_a_date_alone_is_a_day_and_nothing_else_is() -> None:
    assert day_of("2026-05-31") == day_of("20260531") == date(2026, 5, 31)
    assert start_of(date(2026, 5, 31)) == NOON - DAY // 2
    assert day_of("2026-05-31T12:00:00Z") is None
    with pytest.raises(NotATimeError, match="invalid date"):
        day_of("2026-02-30")


@pytest.mark.parametrize(
    ("key", "form"),
    [
        ("2026-05-31T12:00:00Z", MOVABLE_FORM),
        ("2026-05-31T12:00Z", MOVABLE_FORM),
        ("2026-05-31T12:00:00.123456789+00:00", MOVABLE_FORM),
        ("2026-05-31T14:00:00+02:00", "ISO 8601 with an offset"),
        ("2026-05-31T12:00:00-00:00", "ISO 8601 with an offset"),
        ("2026-05-31T12:00:00", "ISO 8601 without a zone"),
        ("2026-05-31t12:00:00Z", "ISO 8601 with a small letter or a blank"),
        ("2026-05-31T12:00:00z", "ISO 8601 with a small letter or a blank"),
        ("2026-05-31 12:00:00Z", "ISO 8601 with a small letter or a blank"),
        ("20260531T120000Z", "basic ISO 8601"),
        ("1780228800", "epoch seconds"),
        ("1780228800000", "epoch milliseconds"),
        ("1780228800000000", "epoch microseconds"),
        ("1780228800000000000", "epoch nanoseconds"),
        ("2026-05-31", "a date alone"),
        ("31.12.2025 10:00", "no time"),
    ],
)
def test_each_form_has_a_name_and_only_one_is_moved(key: str, form: str) -> None:
    assert form_of(key) == form
    assert (movable_moment(key) is not None) == (form == MOVABLE_FORM)


def test_what_is_not_moved_is_told_with_how_to_write_it() -> None:
    assert why_unmovable("1780228800250").endswith(
        "epoch milliseconds, which is never moved; it must be written like 2026-05-31T12:00:00.25Z"
    )
    assert "like 2026-05-31T08:30:00Z" in why_unmovable("yesterday")


@given(st.text(max_size=40))
def test_no_text_ends_in_another_error(text: str) -> None:
    moment = moment_or_none(text)
    assert moment is None or FIRST_MOMENT <= moment <= LAST_MOMENT
    assert form_of(text)
    assert "never moved" in why_unmovable(text)
    assert movable_moment(text) in (None, moment)


def test_units_fit_together() -> None:
    assert DAY == 24 * 60 * MINUTE == 86_400 * SECOND
