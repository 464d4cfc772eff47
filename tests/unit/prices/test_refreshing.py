"""Current prices are read from the cloud that is named; one whose price list l3kit cannot read is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from l3kit.cli import main
from l3kit.errors import ConfigurationError
from l3kit.prices.refreshing import refresh_prices

TODAY = date(2026, 11, 23)


class EmptyPriceList:
    """AWS's, without a product; it notes whose prices it was asked for."""

    def __init__(self) -> None:
        self.regions: set[str] = set()

    def get_products(self, **request: Any) -> dict[str, Any]:
        self.regions.add(request["Filters"][0]["Value"])
        return {"PriceList": []}


@pytest.mark.parametrize(("given", "asked"), [("", "us-east-1"), ("eu-west-1", "eu-west-1")])
def test_the_first_readable_price_list_and_its_default_region_are_taken(tmp_path: Path, given: str, asked: str) -> None:
    client = EmptyPriceList()
    with pytest.raises(ConfigurationError, match=f"AWS prices of {asked}: the price list has none"):
        refresh_prices(tmp_path / "prices.yaml", today=TODAY, region=given, client=client)
    assert client.regions == {asked}


def test_a_cloud_whose_price_list_cannot_be_read_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "prices.yaml"
    assert main(["cost", "refresh", str(path), "--cloud", "azure"]) == 1
    words = "Azure: has no price list that l3kit can read yet. Clouds that have it: aws"
    assert capsys.readouterr().err == f"l3kit: {words}\n"
    assert not path.exists()
