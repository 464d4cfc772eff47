"""Renewing AWS prices, against botocore's own model of the Price List API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from l3kit.clouds.aws.price_list import WANTED, refresh_prices
from l3kit.errors import ConfigurationError, PermissionMissingError, ProvisioningError
from l3kit.prices.price_book import load_prices

TODAY = date(2026, 11, 23)
CODES = list(dict.fromkeys(wanted.service_code for wanted in WANTED))


@pytest.fixture
def pricing() -> Iterator[tuple[Any, Stubber]]:
    client = boto3.client("pricing", region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
    with Stubber(client) as stubber:
        yield client, stubber


def product(usage: str, *steps: tuple[str, str, str]) -> str:
    dimensions = {
        str(n): {"beginRange": begin, "endRange": end, "pricePerUnit": {"USD": price}}
        for n, (begin, end, price) in enumerate(steps)
    }
    terms = {"OnDemand": {"t": {"priceDimensions": dimensions}}}
    return json.dumps({"product": {"attributes": {"usagetype": usage}}, "terms": terms})


def answer(stubber: Stubber, lists: dict[str, list[list[str]]]) -> None:
    """What the API tells: per service code its pages of products."""
    for code in CODES:
        pages = lists.get(code, [[]])
        for number, page in enumerate(pages):
            response: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": page}
            if number + 1 < len(pages):
                response["NextToken"] = f"page-{number + 1}"
            wanted: dict[str, Any] = {"ServiceCode": code, "FormatVersion": "aws_v1", "Filters": ANY}
            if number:
                wanted["NextToken"] = f"page-{number}"
            stubber.add_response("get_products", response, wanted)


def test_prices_are_written_as_a_file_that_lies_over_the_book(pricing: tuple[Any, Stubber], tmp_path: Path) -> None:
    client, stubber = pricing
    answer(
        stubber,
        {
            "AmazonS3": [
                [product("USE2-Requests-SIA-Tier1", ("0", "Inf", "0.0000110000"))],
                [
                    product("USE2-TimedStorage-ByteHrs", ("51200", "Inf", "0.0200000000"), ("0", "51200", "0.021")),
                    product("USE2-Requests-Tier1", ("0", "Inf", "0.000005")),
                ],
            ],
            "AmazonDynamoDB": [
                [
                    product("USE2-TimedStorage-ByteHrs", ("0", "25", "0"), ("25", "Inf", "0.26")),
                    product("USE2-WriteRequestUnits", ("0", "Inf", "0.000000625")),
                    product("USE2-IA-WriteRequestUnits", ("0", "Inf", "0.00000078")),
                ]
            ],
            "AWSLambda": [
                [
                    product("USE2-Request", ("0", "Inf", "0.0000002")),
                    product(
                        "USE2-Lambda-GB-Second", ("0", "6000000000", "0.0000166667"), ("6000000000", "Inf", "0.000015")
                    ),
                ]
            ],
        },
    )
    done = refresh_prices(tmp_path / "aws.yaml", today=TODAY, region="us-east-2", client=client)
    stubber.assert_no_pending_responses()
    assert set(done.renewed) == {
        "s3.standard_ia.put",
        "s3.standard.storage",
        "s3.standard.put",
        "dynamodb.on_demand.storage",
        "dynamodb.on_demand.write_unit",
        "lambda.x86.requests",
        "lambda.x86.compute",
    }
    assert done.left["s3.deep_archive.put"] == "not in the price list"
    book = load_prices(done.path)
    put = book.figure("aws", "us-east-2", "s3", "standard_ia", "put")
    assert (put.value, put.as_of, put.confirmed) == (Decimal("0.011"), TODAY, True)
    storage = book.figure("aws", "us-east-2", "s3", "standard", "storage")
    assert storage.steps == ((Decimal(51200), Decimal("0.021")), (None, Decimal("0.02")))
    assert book.figure("aws", "us-east-2", "dynamodb", "on_demand", "storage").value == Decimal("0.26")
    assert book.figure("aws", "us-east-2", "dynamodb", "on_demand", "write_unit").value == Decimal("0.625")
    assert book.figure("aws", "us-east-2", "lambda", "x86", "compute").steps[0].up_to == Decimal(6_000_000_000)


def test_a_usage_with_two_prices_is_left_alone(pricing: tuple[Any, Stubber], tmp_path: Path) -> None:
    client, stubber = pricing
    page = [product("Requests-Tier1", ("0", "Inf", price)) for price in ("0.000005", "0.000006")]
    answer(stubber, {"AmazonS3": [[*page, product("Requests-Tier2", ("0", "Inf", "0.0000004"))]]})
    done = refresh_prices(tmp_path / "aws.yaml", today=TODAY, client=client)
    assert done.renewed == ("s3.standard.get",)
    assert done.left["s3.standard.put"].startswith("2 different prices")


def test_nothing_is_written_where_the_list_tells_no_price(pricing: tuple[Any, Stubber], tmp_path: Path) -> None:
    client, stubber = pricing
    answer(stubber, {})
    with pytest.raises(ConfigurationError, match="mars-1"):
        refresh_prices(tmp_path / "aws.yaml", today=TODAY, region="mars-1", client=client)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("AccessDeniedException", PermissionMissingError, "pricing:GetProducts"),
        ("UnrecognizedClientException", PermissionMissingError, "pricing:GetProducts"),
        ("InternalErrorException", ProvisioningError, "InternalErrorException"),
    ],
)
def test_a_refusal_says_what_is_needed(
    pricing: tuple[Any, Stubber], tmp_path: Path, code: str, error: type[Exception], words: str
) -> None:
    client, stubber = pricing
    stubber.add_client_error("get_products", code)
    with pytest.raises(error, match=words):
        refresh_prices(tmp_path / "aws.yaml", today=TODAY, client=client)
    assert list(tmp_path.iterdir()) == []
