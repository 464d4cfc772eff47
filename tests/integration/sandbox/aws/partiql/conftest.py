"""A table on the sandbox's DynamoDB, or on the foreign one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.sandbox.aws.partiql.statements import DYNAMODB_LOCAL, FOREIGN, Table, foreign_client


@pytest.fixture(scope="module")
def dynamodb(request: pytest.FixtureRequest) -> Any:
    return foreign_client(FOREIGN) if FOREIGN else request.getfixturevalue("aws")("dynamodb")


@pytest.fixture(autouse=True)
def known_differences(request: pytest.FixtureRequest) -> None:
    name = request.node.originalname
    if FOREIGN and name in DYNAMODB_LOCAL:
        request.applymarker(pytest.mark.xfail(reason=DYNAMODB_LOCAL[name], strict=True))


@pytest.fixture(scope="module")
def shared(dynamodb: Any) -> Table:
    return Table(dynamodb)


@pytest.fixture
def table(shared: Table) -> Iterator[Table]:
    """The module's table, emptied."""
    yield shared
    for item in shared.client.scan(TableName=shared.name, ConsistentRead=True)["Items"]:
        shared.client.delete_item(TableName=shared.name, Key={part: item[part] for part in ("iotDeviceId", "id")})
