"""Two arithmetics for one set of formulas: exact with Decimal for one scenario, float arrays for thousands.

The formulas of the model use + - * / and the methods of these two classes, so that the grid is the same model by
construction. An unknown number is NaN in both and makes everything that needs it unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import Any, Protocol

Number = Any
"""A Decimal, or a NumPy array of floats, depending on the arithmetic."""

_HAIR = Decimal("1e-9")
"""Tolerance of floor and ceil, so that a float's last digit never decides."""


class Arithmetic(Protocol):
    """Operations the formulas use in addition to + - * /."""

    def number(self, value: Decimal | int) -> Number:
        """A constant."""

    def ceil(self, value: Number) -> Number: ...

    def floor(self, value: Number) -> Number: ...

    def maximum(self, a: Number, b: Number) -> Number: ...

    def minimum(self, a: Number, b: Number) -> Number: ...

    def where(self, condition: Any, yes: Number, no: Number) -> Number:
        """`yes` where the condition holds, else `no`."""

    def any(self, flag: Number) -> bool:
        """Return whether a flag is set, for arrays anywhere."""

    def interpolate(self, x: Number, points: Sequence[tuple[int, Decimal]]) -> Number:
        """Interpolate linearly; constant before the first point, extrapolated after the last."""


class Exact:
    """Decimal arithmetic."""

    @staticmethod
    def number(value: Decimal | int) -> Decimal:
        return Decimal(value)

    @staticmethod
    def ceil(value: Decimal) -> Decimal:
        return value if value.is_nan() else (value - _HAIR).to_integral_value(ROUND_CEILING)

    @staticmethod
    def floor(value: Decimal) -> Decimal:
        return value if value.is_nan() else (value + _HAIR).to_integral_value(ROUND_FLOOR)

    @staticmethod
    def maximum(a: Decimal | int, b: Decimal | int) -> Decimal:
        a, b = Decimal(a), Decimal(b)
        return a if a.is_nan() else b if b.is_nan() else max(a, b)

    @staticmethod
    def minimum(a: Decimal | int, b: Decimal | int) -> Decimal:
        a, b = Decimal(a), Decimal(b)
        return a if a.is_nan() else b if b.is_nan() else min(a, b)

    @staticmethod
    def where(condition: bool, yes: Decimal, no: Decimal) -> Decimal:
        return yes if condition else no

    @staticmethod
    def any(flag: Decimal) -> bool:
        return bool(flag)

    @staticmethod
    def interpolate(x: Decimal, points: Sequence[tuple[int, Decimal]]) -> Decimal:
        if x <= points[0][0]:
            return points[0][1]
        for (x0, y0), (x1, y1) in pairwise(points):
            if x <= x1 or x1 == points[-1][0]:
                return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        raise AssertionError(points)


class Arrays:
    """The same with NumPy, element by element."""

    @staticmethod
    def number(value: Decimal | int) -> float:
        return float(value)

    @staticmethod
    def ceil(value: Any) -> Any:
        import numpy as np

        return np.ceil(value - float(_HAIR))

    @staticmethod
    def floor(value: Any) -> Any:
        import numpy as np

        return np.floor(value + float(_HAIR))

    @staticmethod
    def maximum(a: Any, b: Any) -> Any:
        import numpy as np

        return np.maximum(a, b)

    @staticmethod
    def minimum(a: Any, b: Any) -> Any:
        import numpy as np

        return np.minimum(a, b)

    @staticmethod
    def where(condition: Any, yes: Any, no: Any) -> Any:
        import numpy as np

        return np.where(condition, yes, no)

    @staticmethod
    def any(flag: Any) -> bool:
        return bool(flag.any())

    @staticmethod
    def interpolate(x: Any, points: Sequence[tuple[int, Decimal]]) -> Any:
        import numpy as np

        xs, ys = [float(p[0]) for p in points], [float(p[1]) for p in points]
        beyond = ys[-1] + (ys[-1] - ys[-2]) * (x - xs[-1]) / (xs[-1] - xs[-2])
        return np.where(x > xs[-1], beyond, np.interp(x, xs, ys))


EXACT: Arithmetic = Exact()
ARRAYS: Arithmetic = Arrays()
