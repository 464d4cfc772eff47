"""JSON is written and read with the exact values of its numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from l3kit.tiering.format.exact_numbers import exact_dumps, exact_loads


@pytest.mark.parametrize("number", ["0", "-1", "1.50", "1E+400", "1E-999", "9" * 5_000, "0." + "1" * 400, "-0.0"])
def test_a_number_is_written_as_it_was_read(number: str) -> None:
    text = f'{{"a":[{number}],"b":{{"c":{number}}}}}'.encode()
    assert exact_dumps(exact_loads(text)) == text


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), Decimal("NaN"), Decimal("Infinity"), Decimal("sNaN")])
def test_a_number_that_json_lacks_is_refused(value: float | Decimal) -> None:
    with pytest.raises(ValueError, match="is not a finite number"):
        exact_dumps({"a": [value]})
