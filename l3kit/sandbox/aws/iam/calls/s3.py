"""Permissions of S3. Actions have IAM's names, which differ from the operations' names."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

from l3kit.sandbox.aws.iam.calls.request import Call, UnmappedError
from l3kit.sandbox.aws.iam.evaluation import Need

BUCKET_SETTINGS: Mapping[str, str] = {
    "encryption": "EncryptionConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
}
"""Action name after Get or Put by the subresource in the address (DELETE needs Put as well)."""
BUCKET_READS = {
    "uploads": "s3:ListBucketMultipartUploads",
    "versions": "s3:ListBucketVersions",
}
POLICY = {"GET": "s3:GetBucketPolicy", "PUT": "s3:PutBucketPolicy", "DELETE": "s3:DeleteBucketPolicy"}
LISTING = frozenset(
    (
        "list-type",
        "prefix",
        "delimiter",
        "max-keys",
        "start-after",
        "continuation-token",
        "encoding-type",
        "fetch-owner",
    )
)
UNMAPPED_SUBRESOURCES = frozenset(("acl", "attributes", "legal-hold", "retention", "select", "tagging", "torrent"))
UNMAPPED_HEADERS = frozenset(("x-amz-acl", "x-amz-tagging", "x-amz-object-lock-mode", "x-amz-object-lock-legal-hold"))
"""Subresources of objects: each needs a permission of its own, and l3kit uses none."""


def needs(call: Call) -> list[Need]:
    """Permissions of an S3 request, except for the keys of DeleteObjects. Raises: UnmappedError."""
    bucket, key = place(call)
    if not bucket:
        return [call.need("s3:ListAllMyBuckets")]
    return _object_needs(call, bucket, key) if key else _bucket_needs(call, bucket)


def place(call: Call) -> tuple[str, str]:
    """Bucket and key in a request's path."""
    bucket, _, key = call.path.lstrip("/").partition("/")
    return bucket, key


def arn(bucket: str, key: str = "") -> str:
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


def is_batch_delete(call: Call) -> bool:
    """Return whether the call is DeleteObjects, which is evaluated for each key separately."""
    bucket, key = place(call)
    return call.method == "POST" and bool(bucket) and not key and "delete" in call.query


def delete_need(call: Call, bucket: str, key: str, version: str = "") -> Need:
    """Permission to delete an object or one version of it."""
    action = "s3:DeleteObjectVersion" if version else "s3:DeleteObject"
    return call.need(action, arn(bucket, key))


def copy_source(call: Call) -> tuple[str, str, str]:
    """Bucket, key and version of a copy's source; empty for other requests."""
    source = call.headers.get("x-amz-copy-source", "")
    path, _, query = source.partition("?")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    return bucket, key, parse_qs(query).get("versionId", [""])[0]


def _bucket_needs(call: Call, bucket: str) -> list[Need]:
    resource, method = arn(bucket), call.method
    if "policy" in call.query and method in POLICY:
        return [call.need(POLICY[method], resource)]
    for name, setting in BUCKET_SETTINGS.items():
        if name in call.query:
            verb = {"GET": "Get", "PUT": "Put", "DELETE": "Put"}.get(method)
            if verb:
                return [call.need(f"s3:{verb}{setting}", resource)]
    for name, action in BUCKET_READS.items():
        if name in call.query and method == "GET":
            return [call.need(action, resource)]
    if method == "HEAD" or (method == "GET" and set(call.query) <= LISTING):
        return [call.need("s3:ListBucket", resource)]
    if method in ("PUT", "DELETE") and not call.query:
        return [call.need("s3:CreateBucket" if method == "PUT" else "s3:DeleteBucket", resource)]
    raise UnmappedError(f"s3: {method} {call.path}?{'&'.join(call.query)}")


def _object_needs(call: Call, bucket: str, key: str) -> list[Need]:
    method, query, resource = call.method, call.query, arn(bucket, key)
    version = query.get("versionId") or ""
    if UNMAPPED_SUBRESOURCES & set(query):
        raise UnmappedError(f"s3: {method} {call.path}?{'&'.join(query)}")
    if method in ("GET", "HEAD") and "uploadId" not in query:
        return [call.need("s3:GetObjectVersion" if version else "s3:GetObject", resource)]
    if method == "DELETE":
        if "uploadId" in query:
            return [call.need("s3:AbortMultipartUpload", resource)]
        return [delete_need(call, bucket, key, version)]
    if method == "PUT":
        return _write_needs(call, resource, creation="partNumber" not in query)
    if method == "POST" and ("uploads" in query or "uploadId" in query):
        return _write_needs(call, resource, creation="uploadId" in query)
    if method == "POST" and "restore" in query:
        return [call.need("s3:RestoreObject", resource)]
    raise UnmappedError(f"s3: {method} {call.path}?{'&'.join(query)}")


def _write_needs(call: Call, resource: str, *, creation: bool) -> list[Need]:
    """Permissions of a write. Args: creation: whether it creates the object, rather than a part of an upload."""
    if unmapped := [name for name in UNMAPPED_HEADERS if name in call.headers]:
        raise UnmappedError(f"s3: {call.method} with {', '.join(unmapped)}")
    keys = {"s3__if_none_match": call.headers.get("if-none-match")}
    keys["s3__objectcreationoperation"] = "true" if creation else "false"
    found = [call.need("s3:PutObject", resource, **keys)]
    bucket, key, version = copy_source(call)
    if bucket:
        found.insert(0, call.need("s3:GetObjectVersion" if version else "s3:GetObject", arn(bucket, key)))
    return found
