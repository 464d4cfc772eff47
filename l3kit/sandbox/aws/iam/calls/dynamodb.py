"""Permissions of DynamoDB operations on tables and indexes."""

from __future__ import annotations

from typing import Any

from l3kit.sandbox.aws.account import ACCOUNT_ID, REGION
from l3kit.sandbox.aws.iam.calls.request import Call, UnmappedError
from l3kit.sandbox.aws.iam.evaluation import Need
from l3kit.sandbox.aws.partiql.parser import subject

ON_INDEX = frozenset(("Query", "Scan"))
ON_TABLE = frozenset(
    (
        "CreateTable",
        "DeleteItem",
        "DeleteTable",
        "DescribeContinuousBackups",
        "DescribeTable",
        "DescribeTimeToLive",
        "GetItem",
        "PutItem",
        "UpdateContinuousBackups",
        "UpdateItem",
        "UpdateTable",
        "UpdateTimeToLive",
    )
)
ON_RESOURCE = frozenset(("ListTagsOfResource", "TagResource", "UntagResource"))


def needs(call: Call) -> list[Need]:
    """Permissions of a DynamoDB request. Raises: UnmappedError, UnreadableError."""
    operation, content = call.operation, call.content
    if operation in ON_TABLE or operation in ON_INDEX:
        found = [call.need(f"dynamodb:{operation}", _resource(content, operation))]
        return found + (_with_table(call, content) if operation == "CreateTable" else [])
    if operation in ("BatchGetItem", "BatchWriteItem"):
        return [call.need(f"dynamodb:{operation}", table_arn(str(name))) for name in content.get("RequestItems", {})]
    if operation in ON_RESOURCE:
        return [call.need(f"dynamodb:{operation}", str(content.get("ResourceArn", "*")))]
    if operation == "ListTables":
        return [call.need(f"dynamodb:{operation}")]
    raise UnmappedError(f"dynamodb:{operation}")


def statement_need(call: Call, content: object) -> Need | None:
    """Return the permission that one PartiQL statement needs; None for an unsupported one, which `partiql` refuses.

    It is read by the reader that carries it out (`partiql.subject`), so both see one table.
    """
    text = str(content.get("Statement", "")) if isinstance(content, dict) else ""
    verb, table = subject(text)
    return call.need(f"dynamodb:PartiQL{verb.title()}", table_arn(table)) if verb else None


def table_arn(table: str, index: str = "") -> str:
    """ARN of a table, given by name or ARN, or of one of its indexes."""
    arn = table if table.startswith("arn:") else f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/{table}"
    return f"{arn}/index/{index}" if index else arn


def table_of(resource: str) -> str:
    """The table name in the ARN of a table or index."""
    return resource.partition(":table/")[2].split("/")[0]


def _resource(content: dict[str, Any], operation: str) -> str:
    index = str(content.get("IndexName") or "") if operation in ON_INDEX else ""
    return table_arn(str(content.get("TableName", "")), index)


def _with_table(call: Call, content: dict[str, Any]) -> list[Need]:
    """Permissions for the features of a new table."""
    if content.get("ResourcePolicy"):
        raise UnmappedError("dynamodb:PutResourcePolicy")
    return (
        [call.need("dynamodb:TagResource", table_arn(str(content.get("TableName", ""))))] if content.get("Tags") else []
    )
