"""S3 buckets: no public access, TLS only, encrypted; objects are never overwritten, or are kept as versions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.bucket_rules import (
    BLOCK_ALL,
    ENCRYPTION,
    bucket_policy,
    lifecycle,
    lifecycle_difference,
    lifecycle_texts,
    policy_difference,
    policy_texts,
)
from l3kit.clouds.aws.control.calls import code_of, explained, is_missing, unless_missing
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.policy_limits import BUCKET_POLICY, check_length
from l3kit.clouds.ports.changes import Difference, differs, list_changes
from l3kit.clouds.ports.resources import Finding
from l3kit.errors import ProvisioningError

DELETE_BATCH = 1000
BUSY_LIMIT = 120.0
"""Maximum seconds for S3 to finish another change of the bucket, or the removal of one of the same name."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """One setting: its difference, if there is one, and the call that corrects it."""

    difference: Callable[[], Difference | None]
    mend: Callable[[], Any]


@dataclass(frozen=True)
class Bucket:
    """One bucket.

    Attributes:
        written_by_aws: AWS itself creates objects in it: S3 where a mover of the same cloud copies, Lambda and IoT Core
            where they could not deliver a message. These writes carry no condition and fail if the bucket's policy
            requires one, so overwritten objects are kept as old versions instead.
    """

    context: Context
    name: str
    written_by_aws: bool = False
    kind: str = "bucket"
    holds_data: bool = True

    def compare(self) -> Finding:
        with explained(f"bucket {self.name}"):
            try:
                self._s3.head_bucket(Bucket=self.name)
            except ClientError as error:
                if is_missing(error):
                    wanted = {"public access blocked": True, "default encryption": "AES256"}
                    return Finding.missing({**wanted, "versioning": self.written_by_aws})
                if code_of(error) in ("403", "Forbidden"):
                    return Finding(True, owned=False)
                raise
            tags = self._tags()
            if not tags:  # a kill between creation and tagging leaves it so: empty
                return Finding.of(self._is_empty(), [Difference("its ownership tag is missing")])
            if not self.context.owns(tags):
                return Finding(True, owned=False)
            differences = (aspect.difference() for aspect in self._aspects())
            return Finding.of(True, [one for one in differences if one is not None])

    def create(self) -> None:
        with explained(f"bucket {self.name}"):
            place: dict[str, Any] = {}
            if self.context.aws.region != "us-east-1":
                place = {"CreateBucketConfiguration": {"LocationConstraint": self.context.aws.region}}
            self._retry_while_busy(lambda: self._s3.create_bucket(Bucket=self.name, **place))
        self.update()

    def update(self) -> None:
        with explained(f"bucket {self.name}"):
            tags = self._tags()
            if not self.context.owns(tags):
                kept = {key: value for key, value in tags.items() if not key.startswith("aws:")}
                merged = [{"Key": key, "Value": value} for key, value in (kept | self.context.tags).items()]
                self._retry_while_busy(
                    lambda: self._s3.put_bucket_tagging(Bucket=self.name, Tagging={"TagSet": merged})
                )
            for aspect in self._aspects():
                if aspect.difference():
                    self._retry_while_busy(aspect.mend)

    def delete(self) -> None:
        """Delete the bucket with all its objects, versions and unfinished uploads."""
        with explained(f"bucket {self.name}"):
            try:
                self._empty()
                self._s3.delete_bucket(Bucket=self.name)
            except ClientError as error:  # by somebody else, or by an earlier try whose response was lost
                if code_of(error) != "NoSuchBucket":
                    raise

    @property
    def _s3(self) -> Any:
        return self.context.client("s3")

    def _retry_while_busy(self, call: Callable[[], Any]) -> None:
        self.context.retry_while(
            call, lambda error: code_of(error) == "OperationAborted", f"bucket {self.name} accepts changes", BUSY_LIMIT
        )

    def _policy(self) -> dict[str, Any]:
        policy = bucket_policy(self.name, written_by_aws=self.written_by_aws)
        check_length(f"bucket {self.name}", "its policy", policy, BUCKET_POLICY)
        return policy

    def _tags(self) -> dict[str, str]:
        found = unless_missing(lambda: self._s3.get_bucket_tagging(Bucket=self.name)["TagSet"]) or []
        return {tag["Key"]: tag["Value"] for tag in found}

    def _aspects(self) -> tuple[Aspect, ...]:
        s3, bucket = self._s3, self.name
        return (
            Aspect(
                self._public_access,
                lambda: s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=BLOCK_ALL),
            ),
            Aspect(
                self._encryption,
                lambda: s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=ENCRYPTION),
            ),
            Aspect(
                self._versions,
                lambda: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}),
            ),
            Aspect(self._access, lambda: s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(self._policy()))),
            Aspect(
                self._expiry,
                lambda: s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=lifecycle()),
            ),
        )

    def _public_access(self) -> Difference | None:
        there = unless_missing(lambda: self._s3.get_public_access_block(Bucket=self.name))
        blocked = there is not None and there["PublicAccessBlockConfiguration"] == BLOCK_ALL
        return None if blocked else differs("public access is not blocked", "public access blocked", False, True)

    def _encryption(self) -> Difference | None:
        """Accept any encryption: the bucket may use a customer's key."""
        there = unless_missing(lambda: self._s3.get_bucket_encryption(Bucket=self.name))
        rules = there["ServerSideEncryptionConfiguration"].get("Rules", []) if there else []
        chosen = [rule for rule in rules if "ApplyServerSideEncryptionByDefault" in rule]
        return None if chosen else differs("default encryption is not set", "default encryption", None, "AES256")

    def _access(self) -> Difference | None:
        there = unless_missing(lambda: json.loads(self._s3.get_bucket_policy(Bucket=self.name)["Policy"]))
        wanted = self._policy()
        words = policy_difference(there, wanted)
        return Difference(words, list_changes("policy", policy_texts(there), policy_texts(wanted))) if words else None

    def _expiry(self) -> Difference | None:
        rules = unless_missing(lambda: self._s3.get_bucket_lifecycle_configuration(Bucket=self.name)["Rules"]) or []
        words, wanted = lifecycle_difference(rules), lifecycle()["Rules"]
        changes = list_changes("lifecycle", lifecycle_texts(rules), lifecycle_texts(wanted))
        return Difference(words, changes) if words else None

    def _versions(self) -> Difference | None:
        """Leave versioning on where somebody else enabled it: only the lifetime of versions is limited."""
        if not self.written_by_aws:
            return None
        there = self._s3.get_bucket_versioning(Bucket=self.name).get("Status")
        return None if there == "Enabled" else differs("versioning is off", "versioning", False, True)

    def _is_empty(self) -> bool:
        return not self._s3.list_objects_v2(Bucket=self.name, MaxKeys=1).get("KeyCount", 0)

    def _abort(self, key: str, upload: str) -> None:
        try:
            self._s3.abort_multipart_upload(Bucket=self.name, Key=key, UploadId=upload)
        except ClientError as error:  # ended meanwhile, or by an earlier try whose response was lost
            if code_of(error) != "NoSuchUpload":
                raise

    def _empty(self) -> None:
        for upload in self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=self.name):
            for entry in upload.get("Uploads", []):
                self._abort(entry["Key"], entry["UploadId"])
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
                        "Remove what protects it, then run destroy again",
                    )
