"""What each function may do: exact actions on exact ARNs, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from l3kit.clouds.aws.provisioning.context import Context
from l3kit.tiering.chunks import RESERVED_PREFIX

POLICY_NAME = "l3kit"
VERSION = "2012-10-17"


def trust(service: str, context: Context) -> dict[str, Any]:
    """Who may take the role: one service, for this account only."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    if service == "scheduler.amazonaws.com":
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": context.aws.account_id}}
    return {"Version": VERSION, "Statement": [statement]}


def function_policy(function: str, context: Context, *, remote: bool) -> dict[str, Any]:
    """The inline policy of a function's role.

    Args:
        remote: the next tier is on another cloud, so the function posts instead of writing there.
    """
    statements = {
        "hot-to-cold-mover": lambda: [
            _allow("HotItems", ["Query", "BatchWriteItem", "DeleteItem"], _table(context, "hot"), "dynamodb"),
            _allow("Journal", ["GetItem", "PutItem"], _table(context, "journal"), "dynamodb"),
            *([] if remote else _create(context, "cold")),
        ],
        "cold-writer": lambda: _create(context, "cold"),
        "cold-to-archive-mover": lambda: [
            *_list(context, "cold"),
            _allow("TakeChunks", ["GetObject", "DeleteObject"], f"{_bucket(context, 'cold')}/*", "s3"),
            _allow("Reports", ["PutObject"], f"{_bucket(context, 'cold')}/{RESERVED_PREFIX}reports/*", "s3"),
            *([] if remote else _create(context, "archive")),
        ],
        "archive-writer": lambda: [
            *_create(context, "archive"),
            _allow(
                "Parts",
                ["DeleteObject", "AbortMultipartUpload"],
                f"{_bucket(context, 'archive')}/{RESERVED_PREFIX}parts/*",
                "s3",
            ),
            _allow("Abort", ["AbortMultipartUpload"], f"{_bucket(context, 'archive')}/*", "s3"),
        ],
        "hot-reader": lambda: [_allow("HotItems", ["Query"], _table(context, "hot"), "dynamodb")],
        "hot-reader-last-entry": lambda: [_allow("HotItems", ["Query"], _table(context, "hot"), "dynamodb")],
    }[function]()
    group = context.arn("logs", f"log-group:{context.names.log_group(function)}:*")
    return {
        "Version": VERSION,
        "Statement": [*statements, _allow("Logs", ["CreateLogStream", "PutLogEvents"], group, "logs")],
    }


def scheduler_policy(context: Context, functions: list[str]) -> dict[str, Any]:
    """EventBridge Scheduler may invoke these functions."""
    arns = [context.arn("lambda", f"function:{context.names.function(name)}") for name in functions]
    return {
        "Version": VERSION,
        "Statement": [
            {"Sid": "Invoke", "Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": sorted(arns)}
        ],
    }


def _create(context: Context, tier: str) -> list[dict[str, Any]]:
    """Create objects and look at them; listing makes HEAD answer 404, not 403, for a free key."""
    objects = f"{_bucket(context, tier)}/*"
    return [
        _allow(f"Create{tier.title()}", ["PutObject", "GetObject"], objects, "s3"),
        *_list(context, tier),
    ]


def _list(context: Context, tier: str) -> list[dict[str, Any]]:
    return [_allow(f"List{tier.title()}", ["ListBucket"], _bucket(context, tier), "s3")]


def _allow(sid: str, actions: list[str], resource: str, service: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": [f"{service}:{name}" for name in actions], "Resource": resource}


def _table(context: Context, which: str) -> str:
    names = {"hot": context.names.hot_dynamodb_table(), "journal": context.names.journal_dynamodb_table()}
    return context.arn("dynamodb", f"table/{names[which]}")


def _bucket(context: Context, tier: str) -> str:
    names: Mapping[str, str] = {"cold": context.names.cold_s3_bucket(), "archive": context.names.archive_s3_bucket()}
    return f"arn:aws:s3:::{names[tier]}"
