"""Least-privilege policies of the functions: exact actions on exact ARNs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.iot_rule import UNDELIVERED_PREFIX
from l3kit.clouds.aws.control.policy_limits import VERSION
from l3kit.tiering.format.chunks import RESERVED_PREFIX
from l3kit.tiering.format.expiry import EXPIRED_PREFIX
from l3kit.tiering.movers.archive_expirer import REPORT_PREFIX as EXPIRER_REPORTS
from l3kit.tiering.movers.cold_to_archive import REPORT_PREFIX
from l3kit.tiering.settings.function_table import StoreName
from l3kit.tiering.transfer.multipart import PARTS_PREFIX
from l3kit.tiering.transfer.receipts import RECEIPT_PREFIX
from l3kit.twin.layout import CHAIN

POLICY_NAME = "l3kit"

Statement = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Placement:
    """Properties of a twin's layout and stores that determine a function's permissions.

    Attributes:
        remote: the next tier is on another cloud, so the function posts to a writer instead of writing there.
        archive_here: the archive tier is in this account.
        keys: ARN of the customer managed KMS key of each store that has one.
        called: deployed names of the functions that it invokes.
        feedback: MQTT topic filter of what it sends to devices; empty if it sends nothing.
    """

    remote: bool = False
    archive_here: bool = True
    keys: Mapping[StoreName, str] = field(default_factory=dict)
    called: tuple[str, ...] = ()
    feedback: str = ""


def trust(service: str, context: Context) -> dict[str, Any]:
    """Build the trust policy: one service may assume the role, for this account only."""
    statement: Statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    if service in ("iot.amazonaws.com", "scheduler.amazonaws.com"):
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": context.aws.account_id}}
    return {"Version": VERSION, "Statement": [statement]}


def function_policy(function: str, context: Context, place: Placement) -> dict[str, Any]:
    """Build the inline policy of a function's role."""
    statements = {
        "hot-to-cold-mover": _hot_to_cold_mover,
        "cold-writer": _cold_writer,
        "cold-to-archive-mover": _cold_to_archive_mover,
        "archive-writer": _archive_writer,
        "archive-expirer": _archive_expirer,
        "hot-reader": _reader,
        "hot-reader-last-entry": _reader,
        **dict.fromkeys(CHAIN, _chain_function),
        "dispatcher": _dispatcher,
        "ingestion": _calls,
        "feedback-receiver": _calls,
        "persister": _persister,
        "writer": _hot_writer,
    }[function](context, place)
    group = context.arn("logs", f"log-group:{context.names.log_group(function)}:*")
    return {
        "Version": VERSION,
        "Statement": [*statements, _allow("Logs", ["CreateLogStream", "PutLogEvents"], group, "logs")],
    }


def stores_of(function: str, place: Placement) -> tuple[StoreName, ...]:
    """Return the stores of this account that the function reads or writes, and whose keys it therefore needs."""
    if function in ("hot-reader", "hot-reader-last-entry"):
        return ("hot",)
    if function in ("ingestion", "feedback-receiver"):  # they refuse what is bad instead of keeping it
        return ()
    if function in CHAIN:
        writes = function == "writer" or (function == "persister" and not place.remote)
        return ("hot", "letters") if writes else ("letters",)
    if function == "hot-to-cold-mover":
        return ("hot", "journal") if place.remote else ("hot", "journal", "cold")
    if function == "cold-to-archive-mover":
        return ("cold",) if place.remote else ("cold", "archive")
    return ("cold",) if function == "cold-writer" else ("archive",)


def scheduler_policy(context: Context, functions: list[str], missed_starts: str = "") -> dict[str, Any]:
    """Build the policy that lets EventBridge Scheduler invoke these functions, and keep what it gives up in a queue."""
    arns = [context.arn("lambda", f"function:{context.names.function(name)}") for name in functions]
    queue = [context.arn("sqs", missed_starts)] if missed_starts else []
    return {
        "Version": VERSION,
        "Statement": [
            _allow("Invoke", ["InvokeFunction"], sorted(arns), "lambda"),
            *([_allow("KeepMissedStarts", ["SendMessage"], queue, "sqs")] if queue else []),
        ],
    }


def topic_rule_policy(context: Context, place: Placement) -> dict[str, Any]:
    """Build the policy that lets IoT Core store messages for which it could not invoke the dispatcher."""
    letters = f"{_bucket(context, 'letters')}/{UNDELIVERED_PREFIX}*"
    keep = _allow("KeepUndelivered", ["PutObject"], letters, "s3")
    return {"Version": VERSION, "Statement": [keep, *_bucket_key(context, place, "letters", ["GenerateDataKey"])]}


def _hot_to_cold_mover(context: Context, place: Placement) -> list[Statement]:
    """Allow conditional PartiQL deletes by the old values; an item that gained attributes since is inserted again."""
    return [
        _allow("HotItems", ["Query", "PartiQLDelete", "PartiQLInsert"], _table(context, "hot"), "dynamodb"),
        _allow("Journal", ["GetItem", "PutItem"], _table(context, "journal"), "dynamodb"),
        *_table_keys(context, place, "hot", "journal"),
        *([] if place.remote else _take_chunks_in(context, place)),
        *_look_into_archive(context, place),
    ]


def _cold_writer(context: Context, place: Placement) -> list[Statement]:
    return [*_take_chunks_in(context, place), *_look_into_archive(context, place)]


def _take_chunks_in(context: Context, place: Placement) -> list[Statement]:
    """Allow creating chunks, reading them and their receipts, and listing a device's."""
    return [
        _allow("CreateCold", ["PutObject", "GetObject"], f"{_bucket(context, 'cold')}/*", "s3"),
        _list(context, "cold"),
        *_bucket_key(context, place, "cold", ["Decrypt", "GenerateDataKey"]),
    ]


def _look_into_archive(context: Context, place: Placement) -> list[Statement]:
    """Allow reading the archive: a device's highest number may be that of an archived chunk."""
    return [_list(context, "archive")] if place.archive_here else []


def _cold_to_archive_mover(context: Context, place: Placement) -> list[Statement]:
    """Allow server-side copies, or reading for a POST; and receipts and reports in the cold bucket."""
    cold = _bucket(context, "cold")
    own = [f"{cold}/{RECEIPT_PREFIX}*", f"{cold}/{REPORT_PREFIX}*"]
    return [
        _list(context, "cold"),
        _allow("TakeChunks", ["GetObject", "DeleteObject"], f"{cold}/*", "s3"),
        _allow("ReceiptsAndReports", ["PutObject"], own, "s3"),
        *_bucket_key(context, place, "cold", ["Decrypt", "GenerateDataKey"]),
        *([] if place.remote else _copy_into_archive(context, place)),
    ]


def _copy_into_archive(context: Context, place: Placement) -> list[Statement]:
    same_key = place.keys.get("archive") == place.keys.get("cold")
    return [
        _allow("CreateArchive", ["PutObject", "GetObject"], f"{_bucket(context, 'archive')}/*", "s3"),
        _list(context, "archive"),
        *([] if same_key else _bucket_key(context, place, "archive", ["GenerateDataKey"])),
    ]


def _archive_writer(context: Context, place: Placement) -> list[Statement]:
    """Allow creating objects, whole or from temporary parts, and removing only those parts."""
    archive = _bucket(context, "archive")
    return [
        _allow("CreateArchive", ["PutObject", "GetObject", "AbortMultipartUpload"], f"{archive}/*", "s3"),
        _allow("DiscardParts", ["DeleteObject"], f"{archive}/{PARTS_PREFIX}*", "s3"),
        _list(context, "archive"),
        *_bucket_key(context, place, "archive", ["Decrypt", "GenerateDataKey"]),
    ]


def _archive_expirer(context: Context, place: Placement) -> list[Statement]:
    """Allow deleting chunks, and keeping records and reports, which it cannot delete."""
    archive = _bucket(context, "archive")
    own = [f"{archive}/{EXPIRED_PREFIX}*", f"{archive}/{EXPIRER_REPORTS}*"]
    return [
        _list(context, "archive"),
        _allow("ExpireChunks", ["GetObject", "DeleteObject"], f"{archive}/*", "s3"),
        _allow("KeepOwn", ["DeleteObject"], f"{archive}/{RESERVED_PREFIX}*", "s3") | {"Effect": "Deny"},
        _allow("RecordsAndReports", ["PutObject"], own, "s3"),
        *_bucket_key(context, place, "archive", ["GenerateDataKey"]),
    ]


def _reader(context: Context, place: Placement) -> list[Statement]:
    return [
        _allow("HotItems", ["Query"], _table(context, "hot"), "dynamodb"),
        *_table_keys(context, place, "hot"),
    ]


def _chain_function(context: Context, place: Placement) -> list[Statement]:
    """Allow keeping dead letters, each once, and invoking the functions that it calls."""
    return [
        _allow("KeepLetters", ["PutObject", "GetObject"], f"{_bucket(context, 'letters')}/*", "s3"),
        *_bucket_key(context, place, "letters", ["GenerateDataKey"]),
        *_calls(context, place),
    ]


def _calls(context: Context, place: Placement) -> list[Statement]:
    """Allow invoking functions, and sending to devices."""
    called = [context.arn("lambda", f"function:{name}") for name in sorted(place.called)]
    topics = place.feedback.replace("+", "*")
    return [
        *([_allow("Call", ["InvokeFunction"], called, "lambda")] if called else []),
        *([_allow("Feedback", ["Publish"], [context.arn("iot", f"topic/{topics}")], "iot")] if topics else []),
    ]


def _dispatcher(context: Context, place: Placement) -> list[Statement]:
    """Allow listing too, which Lambda requires of a failure destination (developer guide, "Adding a destination")."""
    return [*_chain_function(context, place), _list(context, "letters")]


def _persister(context: Context, place: Placement) -> list[Statement]:
    return [*([] if place.remote else _put_items_in(context, place)), *_chain_function(context, place)]


def _hot_writer(context: Context, place: Placement) -> list[Statement]:
    return [*_put_items_in(context, place), *_chain_function(context, place)]


def _put_items_in(context: Context, place: Placement) -> list[Statement]:
    """Allow inserts by PartiQL, reading the items whose keys are taken, and their conditional replacement."""
    return [
        _allow("HotItems", ["PartiQLInsert", "BatchGetItem", "PutItem"], _table(context, "hot"), "dynamodb"),
        *_table_keys(context, place, "hot"),
    ]


def _list(context: Context, tier: StoreName) -> Statement:
    """Allow listing, which also makes HEAD return 404 instead of 403 for a free key."""
    return _allow(f"List{tier.title()}", ["ListBucket"], _bucket(context, tier), "s3")


def _table_keys(context: Context, place: Placement, *tables: StoreName) -> list[Statement]:
    """Allow use of the tables' keys: DynamoDB calls KMS on behalf of the caller for reads and writes alike."""
    arns = list(dict.fromkeys(place.keys[table] for table in tables if table in place.keys))
    return [_key("TableKeys", ["Decrypt"], arns, f"dynamodb.{context.aws.region}.amazonaws.com")] if arns else []


def _bucket_key(context: Context, place: Placement, tier: StoreName, actions: list[str]) -> list[Statement]:
    if tier not in place.keys:
        return []
    return [_key(f"{tier.title()}Key", actions, place.keys[tier], f"s3.{context.aws.region}.amazonaws.com")]


def _key(sid: str, actions: list[str], arn: str | list[str], service: str) -> Statement:
    """Allow use of the key through this service only."""
    return _allow(sid, actions, arn, "kms") | {"Condition": {"StringEquals": {"kms:ViaService": service}}}


def _allow(sid: str, actions: list[str], resource: str | list[str], service: str) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": [f"{service}:{name}" for name in actions], "Resource": resource}


def _table(context: Context, which: StoreName) -> str:
    return context.arn("dynamodb", f"table/{context.names.store(which)}")


def _bucket(context: Context, tier: StoreName) -> str:
    return f"arn:aws:s3:::{context.names.store(tier)}"
