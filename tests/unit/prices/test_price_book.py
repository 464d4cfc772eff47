"""The price book: what comes with l3kit is complete and sourced; users' files lie over it; mistakes are named."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.prices.price_book import Site, default_regions, load_prices
from l3kit.prices.price_file import Key, read_prices
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


def test_prices_keep_their_digits() -> None:
    figure = BOOK.figure("aws", "us-east-1", "s3", "deep_archive", "storage")
    assert (figure.value, figure.unit) == (Decimal("0.00099"), "USD per GB-month")
    assert BOOK.figure("aws", "us-east-1", "lambda", "x86", "compute").value == Decimal("0.0000166667")


def test_a_users_file_replaces_the_figures_it_names_and_only_these(tmp_path: Path) -> None:
    book = load_prices(overlay(tmp_path, GOOD))
    put = book.figure("aws", "us-east-1", "s3", "standard_ia", "put")
    assert (put.value, put.source, put.file) == (Decimal("0.02"), "my contract", "mine.yaml")
    assert {k for k in book.figures if book.figures[k] != BOOK.figures[k]} == {put.key}


def test_a_users_file_may_add_a_region(tmp_path: Path) -> None:
    book = load_prices(overlay(tmp_path, GOOD.replace("us-east-1", "eu-central-1")))
    assert book.regions("aws") == ["eu-central-1", "us-east-1"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"USD per 1,000 requests"', "USD per GB", ["put.unit", "USD per GB is not", "USD per 1,000 requests |"]),
        ("value: 0.02", "value: -1", ["us-east-1.s3.standard_ia.put.value", "-1", "0 or more"]),
        ("value: 0.02", "value: cheap", ["put.value", "cheap", "a number"]),
        ("value: 0.02", "value: .nan", ["put.value", "nan", "a number"]),
        ("value: 0.02", "value: []", ["put.value", "list of steps"]),
        ("value: 0.02", "value: [{up_to: 5, price: 1}]", ["put.value[0].up_to", "null in the last step"]),
        (
            "value: 0.02",
            "value: [{up_to: 5, price: 1}, {up_to: 4, price: 1}, {up_to: null, price: 1}]",
            ["put.value[1].up_to", "more than 5"],
        ),
        ("put:", "putt:", ["us-east-1.s3.standard_ia.putt", "did you mean put?"]),
        ("standard_ia:", "standart_ia:", ["s3.standart_ia.put", "s3.standard_ia.put"]),
        ("provider: aws", "provider: amazon", ["provider", "amazon", "aws, azure, gcp"]),
        ("provider: aws", "provider: aws\ncurrency: EUR", ["currency", "EUR", "USD"]),
        ("provider: aws", "provider: aws\nbytes_per_gb: 1024", ["bytes_per_gb", "1024", "1000000000"]),
        ("2026-11-01", "yesterday", ["put.as_of", "yesterday", "2026-11-23"]),
        ("confirmed: true", "confirmed: maybe", ["put.confirmed", "maybe", "true, false"]),
        ("source: my contract, ", "", ["put.source", "nothing"]),
        ("provider: aws", "provider: aws\nprovider: gcp", ["not YAML", "stands twice"]),
        ("regions:", "regions: 5\nx:", ["mine.yaml: the file.x"]),
    ],
)
def test_a_mistake_is_one_error_with_file_key_value_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationError) as caught:
        load_prices(overlay(tmp_path, GOOD.replace(old, new)))
    text = str(caught.value)
    assert text.startswith("mine.yaml")
    assert all(word in text for word in words), text


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml: cannot be read"):
        read_prices(tmp_path / "none.yaml")


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
