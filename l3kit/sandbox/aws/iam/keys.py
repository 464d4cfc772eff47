"""Cache of moto's KMS key policies and buckets' encryption keys, invalidated by writes."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote
from xml.etree import ElementTree

from l3kit.sandbox.aws.account import ACCOUNT_ID, REGION
from l3kit.sandbox.aws.iam.documents import MalformedPolicyError, Policy, parse_policy
from l3kit.sandbox.aws.iam.moto_iam import parse_xml
from l3kit.sandbox.aws.upstream import AwsUpstream, authorization

AWS_MANAGED = "alias/aws/"
"""Alias prefix of AWS managed keys, which the whole account may use through their service."""
_UNCHANGING = ("Get", "List", "Describe", "Encrypt", "Decrypt", "Generate", "ReEncrypt", "Sign", "Verify")


class Keys:
    """KMS data needed for permission checks."""

    def __init__(self, moto: AwsUpstream) -> None:
        self._moto = moto
        self._arns: dict[str, str] = {}
        self._policies: dict[str, Policy | None] = {}
        self._of_buckets: dict[str, str] = {}
        self._encrypting: set[str] = set()
        self._changes = 0

    def note(self, operation: str) -> None:
        """Invalidate the cache after a KMS operation."""
        if not operation.startswith(_UNCHANGING):
            self._changes += 1
            self._arns.clear()
            self._policies.clear()

    def note_bucket(self, bucket: str) -> None:
        """Invalidate a bucket's key after a change of its encryption or its deletion."""
        self._changes += 1
        self._of_buckets.pop(bucket, None)

    async def arn(self, key: str) -> str:
        """The ARN of a key, given by id, ARN or alias."""
        if key not in self._arns:
            before = self._changes  # a result that may predate a concurrent change is not cached
            answer = await self._moto.call_json("kms", "TrentService.DescribeKey", {"KeyId": key})
            found = answer.json()["KeyMetadata"]["Arn"] if answer.status == 200 else ""
            if not found:
                return key if key.startswith("arn:") else f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/{key}"
            if before != self._changes:
                return str(found)
            self._arns[key] = str(found)
        return self._arns[key]

    async def policy(self, arn: str) -> Policy | None:
        """The policy of a key."""
        if arn not in self._policies:
            before, asked = self._changes, {"KeyId": arn, "PolicyName": "default"}
            answer = await self._moto.call_json("kms", "TrentService.GetKeyPolicy", asked)
            found = _parsed(answer.json()["Policy"], arn) if answer.status == 200 else None
            if before != self._changes:
                return found
            self._policies[arn] = found
        return self._policies[arn]

    async def of_write(self, bucket: str, headers: Mapping[str, str]) -> str:
        """The ARN of the customer managed key that would encrypt an object; "" for none."""
        chosen = headers.get("x-amz-server-side-encryption", "")
        if chosen.startswith("aws:kms"):
            key = headers.get("x-amz-server-side-encryption-aws-kms-key-id", "")
            key = key or await self._of_bucket(bucket)
        else:
            key = "" if chosen else await self._of_bucket(bucket)
        if not key or AWS_MANAGED in key:
            return ""
        self._encrypting.add(bucket)
        return await self.arn(key)

    async def of_object(self, bucket: str, key: str) -> str:
        """The ARN of the customer managed key that encrypts an object; "" for none."""
        if bucket not in self._encrypting:
            return ""
        head = await self._moto.ask("HEAD", f"/{bucket}/{quote(key)}", headers={"Authorization": authorization("s3")})
        used = str(head.headers.get("x-amz-server-side-encryption-aws-kms-key-id", ""))
        return await self.arn(used) if used and AWS_MANAGED not in used else ""

    async def _of_bucket(self, bucket: str) -> str:
        if bucket not in self._of_buckets:
            before = self._changes
            answer = await self._moto.ask(
                "GET", f"/{bucket}?encryption", headers={"Authorization": authorization("s3")}
            )
            try:
                found = parse_xml(answer.body).text(".//KMSMasterKeyID") if answer.status == 200 else ""
            except ElementTree.ParseError:
                found = ""
            if answer.status not in (200, 404) or before != self._changes:
                return found
            self._of_buckets[bucket] = found
        return self._of_buckets[bucket]


def _parsed(text: str, arn: str) -> Policy | None:
    try:
        return parse_policy(text, "resource", arn)
    except MalformedPolicyError:
        return None
