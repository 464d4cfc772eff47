"""Desired policy and lifecycle of a bucket, as documents."""

from __future__ import annotations

import json
from typing import Any

from l3kit.tiering.format.chunks import RESERVED_PREFIX
from l3kit.tiering.movers.hot_to_cold import REPORT_DAYS

BLOCK_ALL = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
LEFTOVER_DAYS = 2
OLD_VERSION_DAYS = 30
"""Retention of overwritten or deleted objects in a bucket with versioning."""
CREATE_ONLY = "CreateOnly"
VERSIONS_RULE = "l3kit-versions"
_PARTS = (
    "rule",
    "status",
    "prefix",
    "days",
    "delete markers",
    "upload days",
    "version days",
    "versions",
    "transitions",
)


def bucket_policy(bucket: str, *, written_by_aws: bool) -> dict[str, Any]:
    """Build the bucket policy: deny plain HTTP, and writes without `If-None-Match` unless AWS itself writes objects.

    Parts of a multipart upload carry no condition, and are recognized by `s3:ObjectCreationOperation`. The user guide
    of S3 ("Enforce conditional writes on Amazon S3 buckets") says that CopyObject into such a bucket fails with 501
    where it carries the header and with 403 where it does not.
    """
    arn = f"arn:aws:s3:::{bucket}"
    tls_only = _deny("TlsOnly", "s3:*", [arn, f"{arn}/*"], {"Bool": {"aws:SecureTransport": "false"}})
    unconditional = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
    create_only = _deny(CREATE_ONLY, "s3:PutObject", f"{arn}/*", unconditional)
    return {"Version": "2012-10-17", "Statement": [tls_only, *([] if written_by_aws else [create_only])]}


def policy_difference(there: Any, wanted: dict[str, Any]) -> str:
    """Describe how the bucket's policy differs from the desired one, or ""."""
    if there is None:
        return "its policy does not deny plain http"
    if there == wanted:
        return ""
    found, needed = _by_sid(there), _by_sid(wanted)
    if found == {sid: needed[sid] for sid in needed if sid != CREATE_ONLY}:
        return "its policy allows objects to be overwritten"
    if {sid: found[sid] for sid in found if sid != CREATE_ONLY} == needed:
        return "its policy denies what AWS writes into it"
    return "its policy differs"


def lifecycle() -> dict[str, Any]:
    """Build the lifecycle rules. Rules on versions have no effect in a bucket without versioning."""

    def rule(name: str, prefix: str, **action: Any) -> dict[str, Any]:
        return {"ID": name, "Status": "Enabled", "Filter": {"Prefix": prefix}, **action}

    return {
        "Rules": [
            rule("l3kit-parts", f"{RESERVED_PREFIX}parts/", Expiration={"Days": LEFTOVER_DAYS}),
            rule("l3kit-reports", f"{RESERVED_PREFIX}reports/", Expiration={"Days": REPORT_DAYS}),
            rule("l3kit-uploads", "", AbortIncompleteMultipartUpload={"DaysAfterInitiation": LEFTOVER_DAYS}),
            rule(
                VERSIONS_RULE,
                "",
                NoncurrentVersionExpiration={"NoncurrentDays": OLD_VERSION_DAYS},
                Expiration={"ExpiredObjectDeleteMarker": True},
            ),
        ]
    }


def lifecycle_difference(rules: list[dict[str, Any]]) -> str:
    """Describe how the bucket's lifecycle rules differ from the desired ones, or ""."""
    there, wanted = {_compared(rule) for rule in rules}, {_compared(rule) for rule in lifecycle()["Rules"]}
    if there == wanted:
        return ""
    if there == {rule for rule in wanted if rule[0] != VERSIONS_RULE}:
        return f"noncurrent versions do not expire after {OLD_VERSION_DAYS} days"
    return "incomplete uploads do not expire"


def _compared(rule: dict[str, Any]) -> tuple[Any, ...]:
    """Return the parts of a lifecycle rule that are compared."""
    return (
        rule.get("ID"),
        rule.get("Status"),
        (rule.get("Filter") or {}).get("Prefix", rule.get("Prefix", "")),
        rule.get("Expiration", {}).get("Days"),
        rule.get("Expiration", {}).get("ExpiredObjectDeleteMarker", False),
        rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation"),
        rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays"),
        rule.get("NoncurrentVersionExpiration", {}).get("NewerNoncurrentVersions"),
        bool(rule.get("Transitions") or rule.get("NoncurrentVersionTransitions")),
    )


def policy_texts(policy: Any) -> list[str]:
    """Return the statements of a bucket's policy, or of none, as JSON."""
    return [json.dumps(one, sort_keys=True, separators=(",", ":")) for one in _by_sid(policy).values()]


def lifecycle_texts(rules: list[dict[str, Any]]) -> list[str]:
    """Return the compared parts of lifecycle rules, a text for each rule."""
    return [
        ", ".join(f"{name} {value}" for name, value in zip(_PARTS, _compared(rule), strict=True) if value)
        for rule in rules
    ]


def _by_sid(policy: Any) -> dict[str, Any]:
    statements = policy.get("Statement", []) if isinstance(policy, dict) else []
    statements = statements if isinstance(statements, list) else [statements]
    return {str(statement.get("Sid", number)): statement for number, statement in enumerate(statements)}


def _deny(sid: str, action: str, resource: str | list[str], condition: dict[str, Any]) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": condition,
    }
