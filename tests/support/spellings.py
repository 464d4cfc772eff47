"""Strategies for moments and their accepted spellings, for property tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from l3kit.tiering.format.item_times import DAY, FIRST_MOMENT, LAST_MOMENT, MINUTE, SECOND, moment_of

_NOW = moment_of(datetime(2026, 5, 31, 12, 0, tzinfo=UTC))
_STEPS = (1, 1000, 10**6, SECOND, MINUTE, 60 * MINUTE)

MOMENTS = st.one_of(
    # Close to each other, so that bounds and items coincide; whole units, so that short spellings occur.
    st.builds(lambda n, step: _NOW + n * step, st.integers(-200, 200), st.sampled_from(_STEPS)),
    st.integers(FIRST_MOMENT + DAY, LAST_MOMENT - DAY),
)


def spelled(moment: int) -> st.SearchStrategy[str]:
    """Texts that denote this moment, by DESIGN section 5."""
    fraction = f"{moment % SECOND:09d}".rstrip("0")
    ways = [
        st.builds(
            _extended,
            st.just(moment),
            st.integers(-14 * 60, 14 * 60),
            st.sampled_from("Tt "),
            st.sampled_from(("Z", "z", "+00:00", "offset", "offset without a colon")),
            st.integers(len(fraction), 9),
            st.booleans(),
        ),
        st.builds(_basic, st.just(moment), st.integers(len(fraction), 9), st.sampled_from("Tt"), st.sampled_from("Zz")),
    ]
    for digits, unit in ((10, SECOND), (13, 10**6), (16, 1000), (19, 1)):
        if moment >= 0 and moment % unit == 0 and moment // unit < 10**digits:
            ways.append(st.just(f"{moment // unit:0{digits}d}"))
    return st.one_of(ways)


def movably_spelled(moment: int) -> st.SearchStrategy[str]:
    """Movable texts that denote this moment."""
    fraction = f"{moment % SECOND:09d}".rstrip("0")
    return st.builds(
        _extended,
        st.just(moment),
        st.just(0),
        st.just("T"),
        st.sampled_from(("Z", "+00:00")),
        st.integers(len(fraction), 9),
        st.booleans(),
    )


def _extended(moment: int, offset: int, letter: str, zone: str, digits: int, short: bool) -> str:
    shift = offset if "offset" in zone else 0
    whole = datetime(1970, 1, 1) + timedelta(seconds=moment // SECOND, minutes=shift)
    clock = whole.strftime("%H:%M:%S") + _fraction(moment, digits)
    if short and moment % MINUTE == 0 and not digits:
        clock = whole.strftime("%H:%M")
    if "offset" in zone:
        hours, minutes = divmod(abs(shift), 60)
        colon = "" if "without" in zone else ":"
        zone = f"{'-' if shift < 0 else '+'}{hours:02d}{colon}{minutes:02d}"
    return f"{whole:%m-%d}{letter}{clock}{zone}".join((f"{whole.year:04d}-", ""))


def _basic(moment: int, digits: int, letter: str, zulu: str) -> str:
    whole = datetime(1970, 1, 1) + timedelta(seconds=moment // SECOND)
    return f"{whole.year:04d}{whole:%m%d}{letter}{whole:%H%M%S}{_fraction(moment, digits)}{zulu}"


def _fraction(moment: int, digits: int) -> str:
    return f".{f'{moment % SECOND:09d}'[:digits]}" if digits else ""
