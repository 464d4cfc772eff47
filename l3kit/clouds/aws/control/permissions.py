"""Permissions that the operator of a twin needs: one table for preflight, policy document and docs."""

from __future__ import annotations

from collections.abc import Collection

from l3kit.clouds.aws.control.grants import READING, Grant, On
from l3kit.clouds.ports.operator_permissions import LETTERS, LOOKING, VERBS, Verb
from l3kit.tiering.runtime.measures import NAMESPACE


def _grant(on: On, service: str, names: str, why: str, verbs: tuple[Verb, ...], **more: str) -> Grant:
    return Grant(on, tuple(f"{service}:{name}" for name in names.split()), why, verbs, **more)


REQUIRED_PERMISSIONS: tuple[Grant, ...] = (
    _grant(
        "oneself",
        "iam",
        "SimulatePrincipalPolicy",
        "ask beforehand whether all this is allowed; without it the plan says that it could not ask",
        ("plan",),
    ),
    _grant(
        "tables",
        "dynamodb",
        "DescribeTable ListTagsOfResource DescribeContinuousBackups",
        "read the actual state and the ownership tag",
        LOOKING,
    ),
    _grant("journal table", "dynamodb", "DescribeTimeToLive", "see whether old reports expire", LOOKING),
    _grant(
        "tables",
        "dynamodb",
        "CreateTable TagResource UpdateTable UpdateContinuousBackups",
        "create and update",
        ("apply",),
    ),
    _grant("journal table", "dynamodb", "UpdateTimeToLive", "let old reports expire", ("apply",)),
    _grant("tables", "dynamodb", "DeleteTable", "remove, with `data`", ("destroy",)),
    _grant(
        "buckets",
        "s3",
        "ListBucket GetBucketTagging GetBucketPublicAccessBlock GetEncryptionConfiguration "
        "GetBucketPolicy GetLifecycleConfiguration GetBucketVersioning",
        "read the actual state and the ownership tag",
        LOOKING,
    ),
    _grant(
        "buckets",
        "s3",
        "CreateBucket PutBucketTagging PutBucketPublicAccessBlock PutEncryptionConfiguration "
        "PutBucketPolicy PutLifecycleConfiguration PutBucketVersioning",
        "create and update",
        ("apply",),
    ),
    _grant(
        "buckets",
        "s3",
        "ListBucketVersions ListBucketMultipartUploads DeleteBucket",
        "remove, with `data`",
        ("destroy",),
    ),
    _grant("objects", "s3", "DeleteObjectVersion AbortMultipartUpload", "empty the buckets, with `data`", ("destroy",)),
    _grant(
        "stores' keys",
        "kms",
        "DescribeKey",
        "find the key behind an alias or id, for the roles",
        LOOKING,
        only="where a bucket or table is encrypted by a key of your own",
    ),
    _grant(
        "roles",
        "iam",
        "GetRole ListRoleTags ListRolePolicies GetRolePolicy ListAttachedRolePolicies",
        "read the actual state and the ownership tag",
        LOOKING,
    ),
    _grant(
        "roles",
        "iam",
        "CreateRole TagRole UpdateAssumeRolePolicy PutRolePolicy DeleteRolePermissionsBoundary",
        "create and update",
        ("apply",),
    ),
    _grant(
        "roles",
        "iam",
        "DeleteRolePolicy DetachRolePolicy",
        "detach third-party policies; remove",
        ("apply", "destroy"),
    ),
    _grant("roles", "iam", "DeleteRole", "remove", ("apply", "destroy")),
    _grant(
        "roles of functions",
        "iam",
        "PassRole",
        "let Lambda run functions with them",
        ("apply",),
        passed_to="lambda.amazonaws.com",
    ),
    _grant(
        "scheduler's role",
        "iam",
        "PassRole",
        "let EventBridge Scheduler start movers with it",
        ("apply",),
        passed_to="scheduler.amazonaws.com",
    ),
    _grant(
        "topic rule's role",
        "iam",
        "PassRole",
        "let IoT Core keep messages that it could not deliver",
        ("apply",),
        passed_to="iot.amazonaws.com",
    ),
    _grant("log groups", "logs", "ListTagsForResource", "read their ownership tags", LOOKING),
    _grant("all log groups", "logs", "DescribeLogGroups", "find them; AWS lists them by prefix alone", LOOKING),
    _grant("log groups", "logs", "CreateLogGroup TagResource PutRetentionPolicy", "create and update", ("apply",)),
    _grant("log groups", "logs", "DeleteLogGroup", "remove", ("apply", "destroy")),
    _grant("log groups", "logs", "FilterLogEvents", "read log lines", ("logs",)),
    _grant(
        "functions",
        "lambda",
        "GetFunction ListTags GetFunctionUrlConfig",
        "read the actual state and the ownership tag; compare both ends of links",
        (*LOOKING, "move"),
    ),
    _grant("functions", "lambda", "GetPolicy", "see who may call them", LOOKING),
    _grant(
        "called functions",
        "lambda",
        "GetFunction",
        "see whether they are there",
        ("plan",),
        only="with `calls`, where an event calls a function by name",
    ),
    _grant(
        "functions",
        "lambda",
        "GetFunctionEventInvokeConfig",
        "see what becomes of messages that the dispatcher did not process",
        LOOKING,
    ),
    _grant("functions", "lambda", "GetFunctionConfiguration", "wait for them", ("apply",)),
    _grant(
        "functions",
        "lambda",
        "CreateFunction TagResource UpdateFunctionCode UpdateFunctionConfiguration "
        "CreateFunctionUrlConfig UpdateFunctionUrlConfig PutFunctionEventInvokeConfig AddPermission RemovePermission",
        "create and update",
        ("apply",),
    ),
    _grant(
        "functions",
        "lambda",
        "DeleteFunction DeleteFunctionUrlConfig DeleteFunctionEventInvokeConfig",
        "remove",
        ("apply", "destroy"),
    ),
    _grant(
        "topic rule", "iot", "GetTopicRule ListTagsForResource", "read the actual state and the ownership tag", LOOKING
    ),
    _grant("all topic rules", "iot", "ListTopicRules", "distinguish a missing rule from a hidden one", LOOKING),
    _grant("topic rule", "iot", "CreateTopicRule TagResource ReplaceTopicRule", "create and update", ("apply",)),
    _grant("topic rule", "iot", "DeleteTopicRule", "remove", ("apply", "destroy")),
    _grant(
        "schedule group",
        "scheduler",
        "GetScheduleGroup ListTagsForResource",
        "read the actual state and the ownership tag",
        LOOKING,
    ),
    _grant(
        "schedules", "scheduler", "GetSchedule", "read the actual state and the next run", (*LOOKING, "explain", "runs")
    ),
    _grant("schedule group", "scheduler", "CreateScheduleGroup TagResource", "make", ("apply",)),
    _grant("schedules", "scheduler", "CreateSchedule UpdateSchedule", "create and update", ("apply",)),
    _grant("schedules", "scheduler", "DeleteSchedule", "remove", ("apply", "destroy")),
    _grant("schedule group", "scheduler", "DeleteScheduleGroup", "remove", ("apply", "destroy")),
    _grant("all alarms", "cloudwatch", "DescribeAlarms", "read their state", (*LOOKING, "alarms")),
    _grant("alarms", "cloudwatch", "ListTagsForResource", "read their ownership tag", (*LOOKING, "alarms")),
    _grant("alarms", "cloudwatch", "PutMetricAlarm TagResource", "create and update", ("apply",)),
    _grant("alarms", "cloudwatch", "DeleteAlarms", "remove", ("apply", "destroy")),
    _grant("metrics", "cloudwatch", "PutMetricData", "note that a mover is watched from then on", ("apply",)),
    _grant("alarm topic", "sns", "ListTagsForResource", "read its ownership tag", LOOKING),
    _grant("alarm topic", "sns", "ListSubscriptionsByTopic", "see who is notified", (*LOOKING, "alarms")),
    _grant("alarm topic", "sns", "CreateTopic TagResource Subscribe", "create, subscribe", ("apply",)),
    _grant("all subscriptions", "sns", "Unsubscribe", "remove; SNS knows no narrower resource", ("apply",)),
    _grant("alarm topic", "sns", "DeleteTopic", "remove", ("apply", "destroy")),
    _grant("queue of missed starts", "sqs", "GetQueueUrl ListQueueTags GetQueueAttributes", "read state, tag", LOOKING),
    _grant("queue of missed starts", "sqs", "CreateQueue TagQueue SetQueueAttributes", "create, update", ("apply",)),
    _grant("queue of missed starts", "sqs", "DeleteQueue", "remove", ("apply", "destroy")),
    _grant("functions", "lambda", "InvokeFunction", "run movers", ("move", "verify")),
    _grant("hot table", "dynamodb", "Query", "read items", READING),
    _grant("hot table", "dynamodb", "Scan", "find devices that the twin does not list", ("tiers", "verify")),
    _grant(
        "journal table",
        "dynamodb",
        "GetItem",
        "see what is under way, paused and held",
        ("tiers", "explain", "runs", "verify", "end_lease", "pause", "hold", "erase", "audit"),
    ),
    _grant(
        "journal table",
        "dynamodb",
        "Scan",
        "find records of runs, and of unlisted devices",
        ("tiers", "runs", "hold", "erase", "audit"),
    ),
    _grant(
        "journal table",
        "dynamodb",
        "PutItem",
        "free a device that a dead run holds; pause; hold",
        ("end_lease", "pause", "hold", "erase"),
    ),
    _grant(
        "buckets",
        "s3",
        "ListBucket",
        "find chunks, reports, pauses and holds",
        (*READING, "pause", "hold", "erase", "audit"),
    ),
    _grant("cold pauses", "s3", "PutObject GetObject DeleteObject", "pause and resume", ("pause",)),
    _grant("archive holds", "s3", "PutObject GetObject DeleteObject", "hold and release", ("hold",)),
    _grant("hot table", "dynamodb", "Query BatchWriteItem", "read and delete a device's items", ("erase",)),
    _grant("journal table", "dynamodb", "DeleteItem", "delete a device's record", ("erase",)),
    _grant("buckets", "s3", "ListBucketVersions", "find former versions of objects", ("erase",)),
    _grant("objects", "s3", "GetObject", "read digests, reports and dead letters", ("erase",)),
    _grant("objects", "s3", "DeleteObjectVersion", "delete objects with their versions", ("erase",)),
    _grant("cold objects", "s3", "PutObject", "pause; store reports without the device", ("erase",)),
    _grant("archive objects", "s3", "PutObject", "record what was erased, store reports again", ("erase",)),
    _grant("tables", "dynamodb", "DescribeContinuousBackups", "report backups", ("erase",)),
    _grant("objects", "s3", "GetObject", "read chunks and reports", (*READING, "restore", "audit")),
    _grant("archive objects", "s3", "RestoreObject", "make archived objects readable", ("restore",)),
    _grant("hot table", "dynamodb", "BatchWriteItem PartiQLDelete", "put the canary in and take it out", ("verify",)),
    _grant("cold objects", "s3", "DeleteObject", "take the canary out", ("verify",)),
    _grant("hot table", "dynamodb", "PartiQLInsert BatchGetItem", "create items, see what holds their keys", ("load",)),
    _grant("hot table", "dynamodb", "PutItem", "replace items, with `replace`", ("load",)),
    _grant(
        "source table",
        "dynamodb",
        "DescribeTable Query Scan",
        "read the table to copy",
        ("load",),
        only="with `from_table`",
    ),
    _grant("buckets", "s3", "ListBucket", "find dead letters", LETTERS),
    _grant("letters objects", "s3", "GetObject", "read dead letters", LETTERS),
    _grant("functions", "lambda", "InvokeFunction", "send messages again", ("replay_letters",)),
    _grant(
        "letters objects", "s3", "DeleteObject", "delete what was taken, or a canary's", ("replay_letters", "verify")
    ),
    _grant("letters objects", "s3", "PutObject", "set superseded versions apart", ("replay_letters",)),
    _grant(
        "stores' keys",
        "kms",
        "Decrypt",
        "read what they encrypt",
        (*READING, "pause", "hold", "erase", *LETTERS, "audit"),
        only="where a bucket or table is encrypted by a key of your own",
    ),
    _grant(
        "stores' keys",
        "kms",
        "GenerateDataKey",
        "set superseded versions apart; pause; hold; record what was erased",
        ("replay_letters", "pause", "hold", "erase"),
        only="where a bucket or table is encrypted by a key of your own",
    ),
)


def grants_for(verbs: Collection[Verb] = VERBS) -> tuple[Grant, ...]:
    """Return the rows that any of these verbs needs."""
    return tuple(grant for grant in REQUIRED_PERMISSIONS if set(grant.verbs) & set(verbs))


def permission_table(verbs: Collection[Verb] = VERBS) -> str:
    """Return the rows as the Markdown table of docs/reference/provisioning.md."""
    lines = ["| actions | on | what for | verbs |", "|---|---|---|---|"]
    for grant in grants_for(verbs):
        why = grant.why + (f" ({grant.only})" if grant.only else "")
        if grant.passed_to:
            why += f" (condition: passed to {grant.passed_to})"
        if grant.on == "metrics":
            why += f" (condition: namespace {NAMESPACE})"
        lines.append(f"| {_code_list(grant.actions)} | {grant.on} | {why} | {', '.join(grant.verbs)} |")
    return "\n".join(lines)


def _code_list(actions: tuple[str, ...]) -> str:
    service = actions[0].partition(":")[0]
    return f"`{service}`: " + ", ".join(action.partition(":")[2] for action in actions)
