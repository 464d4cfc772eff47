"""Units: each measures one thing, and each figure may have those of one measure."""

from __future__ import annotations

import pytest

from l3kit.prices.units import GIB, RATES, UNITS


@pytest.mark.parametrize("rate", [rate for rate in RATES if rate != "ttl_delete"])
def test_a_figure_has_units_of_one_measure_that_differ_in_size_alone(rate: str) -> None:
    units = [UNITS[name] for name in RATES[rate]]
    assert len({(unit.measure, unit.money) for unit in units}) == 1
    assert len({unit.size(10**9) for unit in units}) == len(units)


def test_a_gb_is_what_the_file_says_and_a_gib_is_not() -> None:
    for of in ("USD per {}-month", "USD per {}", "{} per month"):
        assert UNITS[of.format("GB")].size(10**9) == 10**9
        assert UNITS[of.format("GiB")].size(10**9) == GIB


def test_every_unit_is_of_some_figure() -> None:
    assert {name for names in RATES.values() for name in names} == UNITS.keys()


def test_an_allowance_is_a_quantity_and_what_it_allows_has_a_price() -> None:
    for rate, units in RATES.items():
        if rate.startswith("free_") and (priced := RATES.get(rate.removeprefix("free_"))):
            assert not any(UNITS[unit].money for unit in units)
            assert all(UNITS[unit].money for unit in priced)
