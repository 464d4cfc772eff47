"""A file of prices: digits stay as written, and a mistake is one error that says what is allowed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.prices.price_book import load_prices
from l3kit.prices.price_file import read_prices
from tests.unit.prices.test_price_book import BOOK, GOOD, overlay


def test_prices_keep_their_digits() -> None:
    figure = BOOK.figure("aws", "us-east-1", "s3", "deep_archive", "storage")
    assert (figure.value, figure.unit) == (Decimal("0.00099"), "USD per GB-month")
    assert BOOK.figure("aws", "us-east-1", "lambda", "x86", "compute").value == Decimal("0.0000166667")


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
