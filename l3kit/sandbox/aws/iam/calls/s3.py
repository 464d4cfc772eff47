"""Permissions of S3. Actions have IAM's names, which differ from the operations' names."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

from l3kit.sandbox.aws.iam.calls.request import Call, UnmappedError
from l3kit.sandbox.aws.iam.evaluation import Need

BUCKET_SETTINGS: Mapping[str, str] = {
    "accelerate": "AccelerateConfiguration",
    "acl": "BucketAcl",
    "analytics": "AnalyticsConfiguration",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "intelligent-tiering": "IntelligentTieringConfiguration",
    "inventory": "InventoryConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "logging": "BucketLogging",
    "metrics": "MetricsConfiguration",
    "notification": "BucketNotification",
    "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
"""Subresource in the URL -> action without Get or Put (DELETE needs Put too)."""
DELETED_BY_OWN_ACTION = {"website": "s3:DeleteBucketWebsite"}
BUCKET_READS = {
    "location": "s3:GetBucketLocation",
    "policyStatus": "s3:GetBucketPolicyStatus",
    "uploads": "s3:ListBucketMultipartUploads",
    "versions": "s3:ListBucketVersions",
}
POLICY = {"GET": "s3:GetBucketPolicy", "PUT": "s3:PutBucketPolicy", "DELETE": "s3:DeleteBucketPolicy"}
OBJECT_SETTINGS = {
    "acl": ("s3:GetObject{}Acl", "s3:PutObject{}Acl", ""),
    "legal-hold": ("s3:GetObjectLegalHold", "s3:PutObjectLegalHold", ""),
    "retention": ("s3:GetObjectRetention", "s3:PutObjectRetention", ""),
    "tagging": ("s3:GetObject{}Tagging", "s3:PutObject{}Tagging", "s3:DeleteObject{}Tagging"),
}
"""Subresource -> actions of GET, PUT, DELETE; `{}` is replaced by `Version` if the request names one."""
LISTING = ("prefix", "delimiter", "max-keys")
PUT_HEADERS = (
    "x-amz-acl",
    "x-amz-storage-class",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-copy-source",
    "x-amz-metadata-directive",
)
ALONG_WITH_OBJECT = {
    "x-amz-acl": "s3:PutObjectAcl",
    "x-amz-tagging": "s3:PutObjectTagging",
    "x-amz-object-lock-mode": "s3:PutObjectRetention",
    "x-amz-object-lock-legal-hold": "s3:PutObjectLegalHold",
}
"""Headers of a PUT that need a permission of their own."""


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
    """Whether it is DeleteObjects, which is evaluated for each key separately."""
    bucket, key = place(call)
    return call.method == "POST" and bool(bucket) and not key and "delete" in call.query


def delete_need(call: Call, bucket: str, key: str, version: str = "") -> Need:
    """Permission to delete an object or one version of it."""
    action = "s3:DeleteObjectVersion" if version else "s3:DeleteObject"
    return call.need(action, arn(bucket, key), s3__versionid=version or None)


def list_need(call: Call) -> Need:
    """Permission that decides whether a missing key is answered with 404 or 403."""
    return call.need("s3:ListBucket", arn(place(call)[0]))


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
            if method == "DELETE":
                return [call.need(DELETED_BY_OWN_ACTION.get(name, f"s3:Put{setting}"), resource)]
            if method in ("GET", "PUT"):
                return [call.need(f"s3:{method.title()}{setting}", resource)]
    keys = {f"s3__{name.replace('-', '_')}": call.query.get(name) for name in LISTING}
    for name, action in BUCKET_READS.items():
        if name in call.query and method == "GET":
            return [call.need(action, resource, **keys)]
    if method == "GET":
        return [call.need("s3:ListBucket", resource, **keys)]
    if method == "HEAD":
        return [call.need("s3:ListBucket", resource)]
    if method in ("PUT", "DELETE") and not call.query:
        return [call.need("s3:CreateBucket" if method == "PUT" else "s3:DeleteBucket", resource)]
    raise UnmappedError(f"s3: {method} {call.path}?{'&'.join(call.query)}")


def _object_needs(call: Call, bucket: str, key: str) -> list[Need]:
    method, query, resource = call.method, call.query, arn(bucket, key)
    version = query.get("versionId") or ""
    which = "Version" if version else ""
    keys = {"s3__versionid": version or None}
    for name, actions in OBJECT_SETTINGS.items():
        if name in query and method in ("GET", "PUT", "DELETE"):
            action = actions[("GET", "PUT", "DELETE").index(method)]
            return [call.need(action.format(which), resource, **keys)]
    if method in ("GET", "HEAD"):
        if "uploadId" in query:
            return [call.need("s3:ListMultipartUploadParts", resource)]
        found = [call.need(f"s3:GetObject{which}", resource, **keys)]
        return found + ([call.need(f"s3:GetObject{which}Attributes", resource)] if "attributes" in query else [])
    if method == "DELETE":
        if "uploadId" in query:
            return [call.need("s3:AbortMultipartUpload", resource)]
        return [delete_need(call, bucket, key, version)]
    if method == "PUT":
        return _write_needs(call, resource, creation="partNumber" not in query)
    if method == "POST":
        if "uploads" in query or "uploadId" in query:
            return _write_needs(call, resource, creation="uploadId" in query)
        if "restore" in query:
            return [call.need("s3:RestoreObject", resource, **keys)]
        if "select" in query:
            return [call.need("s3:GetObject", resource)]
    raise UnmappedError(f"s3: {method} {call.path}?{'&'.join(query)}")


def _write_needs(call: Call, resource: str, *, creation: bool) -> list[Need]:
    """Permissions of a write.

    Args:
        creation: whether the request creates the object, unlike one that begins an upload or sends a part of it.
    """
    headers = call.headers
    keys = {f"s3__{name.replace('-', '_')}": headers.get(name) for name in PUT_HEADERS}
    keys["s3__if_none_match"] = headers.get("if-none-match")
    keys["s3__if_match"] = headers.get("if-match")
    keys["s3__objectcreationoperation"] = "true" if creation else "false"
    found = [call.need("s3:PutObject", resource, **keys)]
    bucket, key, version = copy_source(call)
    if bucket:
        action = "s3:GetObjectVersion" if version else "s3:GetObject"
        found.insert(0, call.need(action, arn(bucket, key), s3__versionid=version or None))
    return found + [call.need(action, resource) for header, action in ALONG_WITH_OBJECT.items() if header in headers]
