"""Permissions of DynamoDB operations on tables and indexes."""

from __future__ import annotations

import re
from typing import Any

from l3kit.sandbox.aws.iam.calls.request import Call, UnmappedError
from l3kit.sandbox.aws.iam.evaluation import Need
from l3kit.sandbox.aws.partiql import subject
from l3kit.sandbox.state import ACCOUNT_ID, REGION

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
ON_RESOURCE = frozenset(
    (
        "DeleteResourcePolicy",
        "GetResourcePolicy",
        "ListTagsOfResource",
        "PutResourcePolicy",
        "TagResource",
        "UntagResource",
    )
)
ON_EVERYTHING = frozenset(("DescribeEndpoints", "DescribeLimits", "ListTables", "ListBackups"))
IN_TRANSACTION = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "Get": "GetItem"}
_OTHER_STATEMENT = re.compile(
    r"""\s*(?:(?P<update>UPDATE)|SELECT\b.*?\sFROM)\s*
    (?:"(?P<quoted>[^"]+)"|(?<=\s)(?P<bare>[A-Za-z0-9_.:/-]+))
    (?:\s*\.\s*(?:"(?P<index>[^"]+)"|(?P<bare_index>[A-Za-z0-9_-]+)))?""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


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
    if operation in ON_EVERYTHING:
        return [call.need(f"dynamodb:{operation}")]
    if operation == "ExecuteStatement":
        return _of_statements(call, [content])
    if operation == "BatchExecuteStatement":
        return _of_statements(call, content.get("Statements", []))
    if operation == "ExecuteTransaction":
        return _of_statements(call, content.get("TransactStatements", []))
    if operation in ("TransactGetItems", "TransactWriteItems"):
        return [_in_transaction(call, one) for one in content.get("TransactItems", [])]
    raise UnmappedError(f"dynamodb:{operation}")


def statement_need(call: Call, content: object) -> Need | None:
    """Permission of a PartiQL statement; None for an invalid statement, which DynamoDB itself refuses.

    Supported statements are parsed by the parser that also executes them (`partiql.subject`), so that the check and the
    execution agree on the table.
    """
    text = str(content.get("Statement", "")) if isinstance(content, dict) else ""
    verb, table = subject(text)
    index = ""
    if not verb:
        found = _OTHER_STATEMENT.match(text)
        if not found:
            return None
        verb = "UPDATE" if found["update"] else "SELECT"
        table, index = found["quoted"] or found["bare"], found["index"] or found["bare_index"] or ""
    return call.need(f"dynamodb:PartiQL{verb.title()}", table_arn(table, index))


def table_arn(table: str, index: str = "") -> str:
    """ARN of a table, given by name or ARN, or of one of its indexes."""
    arn = table if table.startswith("arn:") else f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/{table}"
    return f"{arn}/index/{index}" if index else arn


def table_of(resource: str) -> str:
    """The table name in the ARN of a table or index."""
    return resource.partition(":table/")[2].split("/")[0]


def _of_statements(call: Call, statements: object) -> list[Need]:
    its = statements if isinstance(statements, list) else []
    return [need for one in its if (need := statement_need(call, one))]


def _resource(content: dict[str, Any], operation: str) -> str:
    index = str(content.get("IndexName") or "") if operation in ON_INDEX else ""
    return table_arn(str(content.get("TableName", "")), index)


def _with_table(call: Call, content: dict[str, Any]) -> list[Need]:
    """Permissions for the features of a new table."""
    arn = table_arn(str(content.get("TableName", "")))
    further = {"Tags": "TagResource", "ResourcePolicy": "PutResourcePolicy"}
    return [call.need(f"dynamodb:{action}", arn) for key, action in further.items() if content.get(key)]


def _in_transaction(call: Call, entry: dict[str, Any]) -> Need:
    kind = next(iter(entry), "")
    content = entry.get(kind) or {}
    action = IN_TRANSACTION.get(kind, "ConditionCheckItem")
    return call.need(f"dynamodb:{action}", table_arn(str(content.get("TableName", ""))))
