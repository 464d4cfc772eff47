"""Customer managed KMS keys of buckets and tables. The operator chooses them; the roles' policies follow."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.calls import DENIED, code_of, explained, is_missing, unless_missing
from l3kit.clouds.aws.control.context import Context
from l3kit.errors import PermissionMissingError, ProvisioningError
from l3kit.tiering.settings.function_table import StoreName

FORBIDDEN = DENIED | {"403", "Forbidden"}


def customer_key(context: Context, store: StoreName) -> str | None:
    """Return the ARN of the store's customer managed key; None for AWS's own keys, or if the store does not exist yet.

    A store that the caller is not allowed to read counts as one without a key: its own comparison, in the same plan,
    reports that.

    Raises: PermissionMissingError, ProvisioningError if an alias cannot be looked up.
    """
    name = context.names.store(store)
    try:
        with explained(f"encryption of {name}"):
            key = _of_table(context, name) if store in ("hot", "journal") else _of_bucket(context, name)
    except PermissionMissingError:
        return None
    return _customers(context, name, key) if key else None


def _of_bucket(context: Context, name: str) -> str | None:
    try:
        answer = context.client("s3").get_bucket_encryption(Bucket=name)
    except ClientError as error:
        if is_missing(error) or code_of(error) in FORBIDDEN:
            return None
        raise
    for rule in answer["ServerSideEncryptionConfiguration"].get("Rules", []):
        chosen: dict[str, Any] = rule.get("ApplyServerSideEncryptionByDefault", {})
        if chosen.get("SSEAlgorithm", "").startswith("aws:kms"):
            return chosen.get("KMSMasterKeyID")
    return None


def _of_table(context: Context, name: str) -> str | None:
    there = unless_missing(lambda: context.client("dynamodb").describe_table(TableName=name))
    key: str | None = there["Table"].get("SSEDescription", {}).get("KMSMasterKeyArn") if there else None
    return key


def _customers(context: Context, store: str, key: str) -> str | None:
    """Return the key's ARN for policies; None for an AWS managed key, whose own policy lets everybody here use it."""
    if "alias/aws/" in key:
        return None
    try:
        found = context.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    except ClientError as error:
        if code_of(error) not in DENIED | {"NotFoundException"}:
            with explained(f"key of {store}"):
                raise
        return _arn_by_name(context, store, key, code_of(error))
    return None if found.get("KeyManager") == "AWS" else str(found["Arn"])


def _arn_by_name(context: Context, store: str, key: str, refusal: str) -> str:
    """Build the ARN without KMS: a key id is the end of the ARN, but an alias does not identify its key."""
    if "alias/" not in key:
        return key if key.startswith("arn:") else context.arn("kms", f"key/{key}")
    kind = PermissionMissingError if refusal in DENIED else ProvisioningError
    raise kind(
        f"encryption of {store}",
        f"{key} cannot be resolved (kms:DescribeKey: {refusal}), so no role can be granted its key",
        "Allow kms:DescribeKey on that key, or name the key by its ARN in the store's encryption",
    )
