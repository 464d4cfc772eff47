"""S3 buckets: no public access, TLS only, encrypted; what uploads leave behind is removed after two days."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from l3kit.clouds.aws.provisioning.calls import code_of, explained, is_missing
from l3kit.clouds.aws.provisioning.context import Context
from l3kit.errors import ProvisioningError
from l3kit.provisioning.model import Finding
from l3kit.tiering.chunks import RESERVED_PREFIX

BLOCK_ALL = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
LEFTOVER_DAYS = 2
REPORT_DAYS = 90
DELETE_BATCH = 1000
BUSY_LIMIT = 120.0
"""Seconds that S3 may work on another change of the bucket, or on removing one of the same name."""


@dataclass(frozen=True)
class Bucket:
    """One bucket."""

    context: Context
    name: str
    kind: str = "bucket"
    holds_data: bool = True

    def compare(self) -> Finding:
        """See `Resource.compare`."""
        with explained(f"bucket {self.name}"):
            try:
                self._s3.head_bucket(Bucket=self.name)
            except ClientError as error:
                if is_missing(error):
                    return Finding(False)
                if code_of(error) in ("403", "Forbidden"):
                    return Finding(True, owned=False)
                raise
            tags = self._get(lambda: self._s3.get_bucket_tagging(Bucket=self.name)["TagSet"]) or []
            if not tags:  # a kill between its creation and its tagging leaves it so: empty
                return Finding(True, self._is_empty(), ("its tag is missing",))
            return Finding(True, self.context.owns_list(tags), tuple(self._differences()))

    def create(self) -> None:
        """See `Resource.create`."""
        with explained(f"bucket {self.name}"):
            place: dict[str, Any] = {}
            if self.context.aws.region != "us-east-1":
                place = {"CreateBucketConfiguration": {"LocationConstraint": self.context.aws.region}}
            self._patiently(lambda: self._s3.create_bucket(Bucket=self.name, **place))
        self.update()

    def update(self) -> None:
        """See `Resource.update`."""
        s3, bucket = self._s3, self.name
        puts: tuple[Callable[[], Any], ...] = (
            lambda: s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": self.context.tag_list()}),
            lambda: s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=BLOCK_ALL),
            lambda: s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=ENCRYPTION),
            lambda: s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(self._policy())),
            lambda: s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=_lifecycle()),
        )
        with explained(f"bucket {bucket}"):
            for put in puts:
                self._patiently(put)

    def delete(self) -> None:
        """See `Resource.delete`: with all its objects, versions and unfinished uploads."""
        with explained(f"bucket {self.name}"):
            self._empty()
            try:
                self._s3.delete_bucket(Bucket=self.name)
            except ClientError as error:
                if not is_missing(error):
                    raise

    @property
    def _s3(self) -> Any:
        return self.context.client("s3")

    def _patiently(self, call: Callable[[], Any]) -> None:
        self.context.patiently(
            call, lambda error: code_of(error) == "OperationAborted", f"bucket {self.name} takes changes", BUSY_LIMIT
        )

    def _policy(self) -> dict[str, Any]:
        arn = f"arn:aws:s3:::{self.name}"
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [arn, f"{arn}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }

    def _differences(self) -> list[str]:
        found = []
        block = self._get(lambda: self._s3.get_public_access_block(Bucket=self.name)["PublicAccessBlockConfiguration"])
        if block != BLOCK_ALL:
            found.append("public access is not blocked")
        rules = self._get(
            lambda: self._s3.get_bucket_encryption(Bucket=self.name)["ServerSideEncryptionConfiguration"]["Rules"]
        )
        algorithms = [rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules or []]
        if algorithms != ["AES256"]:
            found.append("default encryption is not set")
        policy = self._get(lambda: json.loads(self._s3.get_bucket_policy(Bucket=self.name)["Policy"]))
        if policy != self._policy():
            found.append("its policy does not refuse plain http" if policy is None else "its policy was edited")
        lifecycle = self._get(lambda: self._s3.get_bucket_lifecycle_configuration(Bucket=self.name)["Rules"])
        if {_rule(rule) for rule in lifecycle or []} != {_rule(rule) for rule in _lifecycle()["Rules"]}:
            found.append("what uploads leave behind does not expire")
        return found

    @staticmethod
    def _get(read: Callable[[], Any]) -> Any:
        try:
            return read()
        except ClientError as error:
            if is_missing(error):
                return None
            raise

    def _is_empty(self) -> bool:
        return not self._s3.list_objects_v2(Bucket=self.name, MaxKeys=1).get("KeyCount", 0)

    def _empty(self) -> None:
        for upload in self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=self.name):
            for entry in upload.get("Uploads", []):
                self._s3.abort_multipart_upload(Bucket=self.name, Key=entry["Key"], UploadId=entry["UploadId"])
        for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=self.name):
            entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            for start in range(0, len(entries), DELETE_BATCH):
                objects = [
                    {"Key": e["Key"], "VersionId": e["VersionId"]} for e in entries[start : start + DELETE_BATCH]
                ]
                answer = self._s3.delete_objects(Bucket=self.name, Delete={"Objects": objects, "Quiet": True})
                for refused in answer.get("Errors", []):
                    raise ProvisioningError(
                        f"object {refused.get('Key')} in {self.name}",
                        f"cannot be removed ({refused.get('Code')})",
                        "Destroy again once it can; what is gone stays gone",
                    )


def _lifecycle() -> dict[str, Any]:
    def rule(name: str, prefix: str, **action: Any) -> dict[str, Any]:
        return {"ID": name, "Status": "Enabled", "Filter": {"Prefix": prefix}, **action}

    return {
        "Rules": [
            rule("l3kit-parts", f"{RESERVED_PREFIX}parts/", Expiration={"Days": LEFTOVER_DAYS}),
            rule("l3kit-reports", f"{RESERVED_PREFIX}reports/", Expiration={"Days": REPORT_DAYS}),
            rule("l3kit-uploads", "", AbortIncompleteMultipartUpload={"DaysAfterInitiation": LEFTOVER_DAYS}),
        ]
    }


def _rule(rule: dict[str, Any]) -> tuple[Any, ...]:
    """What of a lifecycle rule must be as wanted."""
    return (
        rule.get("ID"),
        rule.get("Status"),
        (rule.get("Filter") or {}).get("Prefix", rule.get("Prefix", "")),
        rule.get("Expiration", {}).get("Days"),
        rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation"),
    )
