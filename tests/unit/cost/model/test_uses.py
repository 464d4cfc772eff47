"""Uses: each has its price and its part, and a price or a cloud that is missing is named."""

from __future__ import annotations

from decimal import Decimal

import pytest

from l3kit.cost.model.arithmetic import EXACT
from l3kit.cost.model.uses import Tally, Use, sites_of
from l3kit.errors import ConfigurationError
from l3kit.twin.layout import Layout
from tests.unit.cost.bills import AWS, BOOK


def noted() -> tuple[Tally, list[Use]]:
    uses: list[Use] = []
    return Tally(EXACT, "ingest", Decimal(30), uses.append), uses


def test_a_use_is_multiplied_by_how_often_its_part_happens() -> None:
    tally, uses = noted()
    tally.add(sites_of(BOOK, AWS).hot, ("dynamodb", "on_demand"), "write_unit", Decimal(7), "write items")
    (use,) = uses
    assert (use.part, use.item, use.quantity, use.kind) == ("ingest", "write items", 210, "list price")
    assert use.figure.key.rate == "write_unit"


def test_a_use_without_a_price_is_refused_with_the_prices_there_are() -> None:
    tally, uses = noted()
    with pytest.raises(ConfigurationError, match=r"there is no rate 'wishes'.*Allowed: .*write_unit"):
        tally.add(sites_of(BOOK, AWS).hot, ("dynamodb", "on_demand"), "wishes", Decimal(1), "wish")
    assert not uses


def test_each_tier_is_in_its_clouds_region_the_default_one_unless_another_is_given() -> None:
    sites = sites_of(BOOK, Layout.parse("aws-gcp-gcp"), {"gcp": "us-east1"})  # type: ignore[dict-item]
    assert [(site.provider, site.region) for site in (sites.hot, sites.cold, sites.archive)] == [
        ("aws", "us-east-1"),
        ("gcp", "us-east1"),
        ("gcp", "us-east1"),
    ]


@pytest.mark.parametrize(("regions", "words"), [({"ibm": "x"}, "'ibm' is not a provider"), ({"aws": "mars"}, "'mars'")])
def test_a_cloud_or_region_without_prices_is_named(regions: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        sites_of(BOOK, AWS, regions)  # type: ignore[arg-type]
