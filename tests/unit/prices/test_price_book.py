"""The price book: what comes with l3kit is complete and sourced; users' files lie over it; mistakes are named."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.prices.price_book import Site, default_regions, load_prices
from l3kit.prices.price_file import Key
from l3kit.providers import BUILT_IN, priced_names
from tests.support.installed import cloud_installed

BOOK = load_prices()
GOOD = """\
provider: aws
regions:
  us-east-1:
    s3:
      standard_ia:
        put: {value: 0.02, unit: "USD per 1,000 requests", as_of: 2026-11-01, source: my contract, confirmed: true}
"""


def overlay(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


def test_every_figure_has_a_source_and_is_dated_or_unconfirmed() -> None:
    assert all(figure.source for figure in BOOK.figures.values())
    assert all(figure.as_of or not figure.confirmed for figure in BOOK.figures.values())


@pytest.mark.parametrize("provider", BUILT_IN)
def test_the_default_region_has_prices(provider: str) -> None:
    assert default_regions()[provider] in BOOK.regions(provider)


def test_a_users_file_replaces_the_figures_it_names_and_only_these(tmp_path: Path) -> None:
    book = load_prices(overlay(tmp_path, GOOD))
    put = book.figure("aws", "us-east-1", "s3", "standard_ia", "put")
    assert (put.value, put.source, put.file) == (Decimal("0.02"), "my contract", "mine.yaml")
    assert {k for k in book.figures if book.figures[k] != BOOK.figures[k]} == {put.key}


def test_a_users_file_may_add_a_region(tmp_path: Path) -> None:
    book = load_prices(overlay(tmp_path, GOOD.replace("us-east-1", "eu-central-1")))
    assert book.regions("aws") == ["eu-central-1", "us-east-1"]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (Key("aws", "us-east-9", "s3", "standard", "put"), ["region", "'us-east-9'", "us-east-1"]),
        (Key("aws", "us-east-1", "s4", "standard", "put"), ["no service 's4'", "dynamodb, lambda"]),
        (Key("aws", "us-east-1", "s3", "standrd", "put"), ["no tier 'standrd'", "deep_archive"]),
        (Key("aws", "us-east-1", "s3", "standard", "write"), ["no rate 'write'", "delete, get"]),
    ],
)
def test_a_price_that_is_missing_is_named_with_what_there_is(key: Key, words: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        BOOK.figure(*key)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_prices_older_than_a_year_or_undated_are_stale() -> None:
    key = BOOK.figure("aws", "us-east-1", "s3", "deep_archive", "put").key
    assert BOOK.figures[key].as_of == date(2025, 7, 4)
    assert BOOK.stale(date(2026, 7, 4), [key]) == []
    assert [f.key for f in BOOK.stale(date(2026, 7, 5), [key])] == [key]
    undated = BOOK.figure("gcp", "us-central1", "gcs", "coldline", "class_a")
    assert BOOK.stale(date(2020, 1, 1), [undated.key]) == [undated]


def test_an_unknown_figure_is_not_zero() -> None:
    figure = BOOK.figure("gcp", "us-east1", "firestore", "standard", "writes")
    assert (figure.known, figure.value) == (False, None)
    assert figure in BOOK.unconfirmed()
    assert Site(BOOK, "gcp", "us-east1").fact("firestore", "standard", "writes").is_nan()


def test_a_cloud_of_another_package_brings_its_prices(tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text(GOOD.replace("aws", "priced").replace("us-east-1", "home"))
    (tmp_path / "cloud_with_prices.py").write_text(
        f"""
from dataclasses import replace
from pathlib import Path
from l3kit.clouds.aws.billing import BILLING
from l3kit.clouds.aws.provider import PROVIDER as AWS
OWN = replace(BILLING, default_region="home", price_list=Path({str(tmp_path / "prices.yaml")!r}))
PROVIDER = replace(AWS, name="priced", billing=OWN)
"""
    )
    with cloud_installed(tmp_path, "priced", "cloud_with_prices:PROVIDER"):
        assert priced_names() == (*BUILT_IN, "priced")
        book = load_prices()
        put = book.figure("priced", default_regions()["priced"], "s3", "standard_ia", "put")
        assert (put.value, put.file) == (Decimal("0.02"), "prices.yaml")
        assert {key: figure for key, figure in book.figures.items() if key.provider != "priced"} == BOOK.figures
    assert "priced" not in priced_names()
