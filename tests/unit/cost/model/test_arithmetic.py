"""Exact and quick arithmetic give the same results of the same formulas."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.cost.model.arithmetic import ARRAYS, EXACT

THOUSANDTHS = st.integers(0, 10**9).map(lambda n: Decimal(n) / 1000)
POINTS = [(1024, Decimal("4.95")), (2048, Decimal("6.29")), (4096, Decimal("6.67")), (16_384, Decimal("9.52"))]


@given(THOUSANDTHS, THOUSANDTHS)
def test_both_round_and_compare_alike(a: Decimal, b: Decimal) -> None:
    x, y = np.array([float(a)]), np.array([float(b)])
    for name in ("floor", "ceil"):
        assert float(getattr(ARRAYS, name)(x)[0]) == float(getattr(EXACT, name)(a))
    for name in ("maximum", "minimum"):
        assert float(getattr(ARRAYS, name)(x, y)[0]) == float(getattr(EXACT, name)(a, b))
    assert ARRAYS.where(x < y, x, y)[0] == float(EXACT.where(a < b, a, b)) == min(float(a), float(b))


@given(st.integers(0, 100_000))
def test_both_draw_the_same_lines_between_and_behind_the_points(size: int) -> None:
    exact = EXACT.interpolate(Decimal(size), POINTS)
    assert float(ARRAYS.interpolate(np.array([float(size)]), POINTS)[0]) == pytest.approx(float(exact))


def test_a_line_is_flat_before_its_first_point_and_goes_on_behind_its_last() -> None:
    assert EXACT.interpolate(Decimal(1), POINTS) == Decimal("4.95")
    assert EXACT.interpolate(Decimal(1536), POINTS) == Decimal("5.62")
    assert EXACT.interpolate(Decimal(28_672), POINTS) == Decimal("12.37")


@given(st.integers(1, 10**6), st.integers(1, 10**4))
def test_what_divides_without_a_rest_is_not_rounded_up_whatever_a_floats_last_digit(whole: int, by: int) -> None:
    part = np.array([float(Decimal(whole) / by)]) * by
    assert ARRAYS.ceil(part)[0] == ARRAYS.floor(part)[0] == whole
    assert EXACT.ceil(Decimal(whole) / by * by) == EXACT.floor(Decimal(whole) / by * by) == whole


@pytest.mark.parametrize("name", ["floor", "ceil"])
def test_what_is_unknown_stays_unknown(name: str) -> None:
    unknown = Decimal("NaN")
    assert getattr(EXACT, name)(unknown).is_nan()
    assert EXACT.maximum(unknown, 1).is_nan()
    assert EXACT.minimum(1, unknown).is_nan()
    assert np.isnan(ARRAYS.maximum(np.array([np.nan]), 1.0)[0])
