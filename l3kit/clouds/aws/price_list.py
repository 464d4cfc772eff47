"""Refresh of AWS prices from the Price List API into an overlay file; needs `pricing:GetProducts`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from l3kit.clouds.aws.unanswered import from_botocore
from l3kit.errors import ConfigurationError, PermissionMissingError, ProvisioningError
from l3kit.files import check_writable, write_whole
from l3kit.prices.refreshing import Refreshed
from l3kit.prices.units import UNITS

SOURCE = "AWS Price List API (GetProducts)"
API_REGION = "us-east-1"
"""The Price List API has endpoints in few regions; this one has the prices of all."""


class Wanted(NamedTuple):
    """The price-list product behind one figure of the book; `usage` is the usage type without its region."""

    service_code: str
    usage: str
    service: str
    tier: str
    rate: str
    unit: str


_K, _M = "USD per 1,000 requests", "USD per million requests"
_GB, _GB_MONTH = "USD per GB", "USD per GB-month"
WANTED: Sequence[Wanted] = (
    Wanted("AmazonS3", "TimedStorage-ByteHrs", "s3", "standard", "storage", _GB_MONTH),
    Wanted("AmazonS3", "Requests-Tier1", "s3", "standard", "put", _K),
    Wanted("AmazonS3", "Requests-Tier2", "s3", "standard", "get", _K),
    Wanted("AmazonS3", "TimedStorage-SIA-ByteHrs", "s3", "standard_ia", "storage", _GB_MONTH),
    Wanted("AmazonS3", "Requests-SIA-Tier1", "s3", "standard_ia", "put", _K),
    Wanted("AmazonS3", "Requests-SIA-Tier2", "s3", "standard_ia", "get", _K),
    Wanted("AmazonS3", "Retrieval-SIA", "s3", "standard_ia", "retrieval", _GB),
    Wanted("AmazonS3", "TimedStorage-GDA-ByteHrs", "s3", "deep_archive", "storage", _GB_MONTH),
    Wanted("AmazonS3", "Requests-GDA-Tier1", "s3", "deep_archive", "put", _K),
    Wanted("AmazonS3", "Requests-GDA-Tier2", "s3", "deep_archive", "get", _K),
    Wanted("AmazonDynamoDB", "WriteRequestUnits", "dynamodb", "on_demand", "write_unit", "USD per million WRU"),
    Wanted("AmazonDynamoDB", "ReadRequestUnits", "dynamodb", "on_demand", "read_unit", "USD per million RRU"),
    Wanted("AmazonDynamoDB", "TimedStorage-ByteHrs", "dynamodb", "on_demand", "storage", _GB_MONTH),
    Wanted("AmazonDynamoDB", "TimedPITRStorage-ByteHrs", "dynamodb", "on_demand", "backup", _GB_MONTH),
    Wanted("AWSLambda", "Request", "lambda", "x86", "requests", _M),
    Wanted("AWSLambda", "Lambda-GB-Second", "lambda", "x86", "compute", "USD per GB-second"),
    Wanted("AWSDataTransfer", "DataTransfer-Out-Bytes", "transfer", "internet", "out", _GB),
    Wanted("AmazonCloudWatch", "DataProcessing-Bytes", "logs", "standard", "ingest", _GB),
    Wanted("AmazonCloudWatch", "CW:AlarmMonitorUsage", "cloudwatch", "standard", "alarms", "USD per alarm-month"),
    Wanted("AmazonCloudWatch", "CW:MetricMonitorUsage", "cloudwatch", "standard", "metrics", "USD per metric-month"),
)


def refresh_prices(path: Path | str, *, today: date, region: str = "us-east-1", client: Any = None) -> Refreshed:
    """The port `PriceList`, with a boto3 `pricing` client.

    Raises: PermissionMissingError if there are no credentials or they lack pricing:GetProducts; ProvisioningError
        if the API failed; ConfigurationError if it returned no price. No file is written then.
    """
    check_writable(Path(path))
    client = client or _client()
    renewed: dict[Wanted, list[tuple[Decimal | None, Decimal]]] = {}
    left: dict[str, str] = {}
    for code in dict.fromkeys(wanted.service_code for wanted in WANTED):
        products = list(_products(client, code, region))
        for wanted in (w for w in WANTED if w.service_code == code):
            found = _price(products, wanted)
            if isinstance(found, str):
                left[_name(wanted)] = found
            else:
                renewed[wanted] = found
    if not renewed:
        raise ConfigurationError(f"AWS prices of {region}", "the price list has none", "Check the region's name")
    target = Path(path)
    write_whole(target, _overlay(renewed, region, today))
    return Refreshed(target, tuple(_name(wanted) for wanted in renewed), left)


def _client() -> Any:
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        return boto3.client("pricing", region_name=API_REGION)
    except (BotoCoreError, ValueError) as error:
        raise from_botocore(error, "AWS credentials") from None


def _products(client: Any, service_code: str, region: str) -> Iterator[dict[str, Any]]:
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    field = "fromRegionCode" if service_code == "AWSDataTransfer" else "regionCode"
    request: dict[str, Any] = {
        "ServiceCode": service_code,
        "FormatVersion": "aws_v1",
        "Filters": [{"Type": "TERM_MATCH", "Field": field, "Value": region}],
    }
    where = f"price list of {service_code}"
    try:
        while True:
            answer = client.get_products(**request)
            for entry in answer["PriceList"]:
                yield json.loads(entry) if isinstance(entry, str) else entry
            if not answer.get("NextToken"):
                return
            request["NextToken"] = answer["NextToken"]
    except NoCredentialsError:
        raise PermissionMissingError(where, "there are no AWS credentials", "Configure a profile") from None
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "refused")
        if "AccessDenied" in code or "UnrecognizedClient" in code:
            raise PermissionMissingError(where, f"refused ({code})", "Allow pricing:GetProducts") from None
        raise ProvisioningError(where, f"failed ({code})", "Try again later") from None
    except BotoCoreError as error:
        raise from_botocore(error, where, "GetProducts") from None


def _price(products: Sequence[Mapping[str, Any]], wanted: Wanted) -> list[tuple[Decimal | None, Decimal]] | str:
    """The steps of the one price that fits, or the reason why there is none."""
    fitting = re.compile(rf"(?:(?!IA-|SIA-)[A-Z]{{2,4}}\d?-)?{re.escape(wanted.usage)}")
    found = {
        tuple(_steps(product, wanted))
        for product in products
        if fitting.fullmatch(product.get("product", {}).get("attributes", {}).get("usagetype", ""))
    }
    found.discard(())
    if len(found) != 1:
        return "not in the price list" if not found else f"{len(found)} different prices; which applies is not certain"
    return list(found.pop())


def _steps(product: Mapping[str, Any], wanted: Wanted) -> list[tuple[Decimal | None, Decimal]]:
    """On-demand USD steps in the book's unit, without a free first step, which the book has as an allowance."""
    unit = UNITS[wanted.unit]
    factor = unit.per if unit.per is not None else 1
    steps = []
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term.get("priceDimensions", {}).values():
            price = dimension.get("pricePerUnit", {}).get("USD")
            if price is not None:
                begin, end = Decimal(dimension.get("beginRange", "0")), dimension.get("endRange", "Inf")
                steps.append((begin, None if end == "Inf" else Decimal(end), Decimal(price) * factor))
    steps.sort(key=lambda step: step[0])
    free = Decimal(0)
    while len(steps) > 1 and steps[0][2] == 0 and steps[0][1] is not None:
        free = steps.pop(0)[1] or free
    return [(None if end is None else (end - free) / factor, price.normalize()) for _, end, price in steps]


def _overlay(renewed: Mapping[Wanted, Sequence[tuple[Decimal | None, Decimal]]], region: str, today: date) -> str:
    import yaml

    tiers: dict[str, dict[str, dict[str, Any]]] = {}
    for wanted, steps in renewed.items():
        value: Any = _number(steps[0][1])
        if len(steps) > 1:
            value = [{"up_to": None if end is None else _number(end), "price": _number(p)} for end, p in steps]
        figure = {"value": value, "unit": wanted.unit, "as_of": today, "source": "api", "confirmed": True}
        tiers.setdefault(wanted.service, {}).setdefault(wanted.tier, {})[wanted.rate] = figure
    content = {"provider": "aws", "currency": "USD", "sources": {"api": SOURCE}, "regions": {region: tiers}}
    return "# Written by l3kit's refresh_prices().\n" + yaml.dump(content, Dumper=_Plain, sort_keys=False)


class _Number(str):
    """A decimal number, written with exactly its digits."""

    __slots__ = ()


def _number(value: Decimal) -> _Number:
    text = f"{value:f}"
    return _Number(text if "." in text else f"{text}.0")


def _dumper() -> Any:
    import yaml

    class Plain(yaml.SafeDumper):
        """Writes `_Number` as a number."""

    Plain.add_representer(_Number, lambda dumper, data: dumper.represent_scalar("tag:yaml.org,2002:float", str(data)))
    return Plain


_Plain = _dumper()


def _name(wanted: Wanted) -> str:
    return f"{wanted.service}.{wanted.tier}.{wanted.rate}"
