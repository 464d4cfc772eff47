"""Bucket policies, validated and stored here because moto would apply a Deny without evaluating its condition.

They are evaluated with every request in `iam.enforcement`.
"""

from __future__ import annotations

from aiohttp import web

from l3kit.sandbox.aws.error_answers import s3_error
from l3kit.sandbox.aws.iam.documents import MalformedPolicyError, Policy, parse_policy
from l3kit.sandbox.aws.upstream import AwsUpstream, authorization

MAX_BYTES = 20 * 1024


class BucketPolicies:
    """PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy."""

    def __init__(self, moto: AwsUpstream) -> None:
        self._moto = moto
        self._policies: dict[str, tuple[str, Policy]] = {}

    def of(self, bucket: str) -> Policy | None:
        """The bucket's parsed policy; None without one."""
        return self._policies[bucket][1] if bucket in self._policies else None

    def requires_write_conditions(self, bucket: str) -> bool:
        """Return whether the policy tests a conditional-write header; S3 then refuses copies into the bucket."""
        policy = self.of(bucket)
        return policy is not None and any(
            one.key in ("s3:if-none-match", "s3:if-match")
            for statement in policy.statements
            for one in statement.conditions
        )

    def forget(self, bucket: str) -> None:
        """Remove the policy of a deleted bucket."""
        self._policies.pop(bucket, None)

    async def handle(self, request: web.Request, bucket: str) -> web.Response:
        """Answer a request to `/bucket?policy`."""
        head = await self._moto.ask("HEAD", f"/{bucket}", headers={"Authorization": authorization("s3")})
        if head.status != 200:
            self.forget(bucket)
            return s3_error(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=bucket)
        if request.method == "PUT":
            text = (await request.read()).decode("utf-8", "replace")
            try:
                self._policies[bucket] = text, _checked(text, bucket)
            except MalformedPolicyError as error:
                return s3_error(400, "MalformedPolicy", str(error))
            return web.Response(status=204)
        if request.method == "DELETE":
            self.forget(bucket)
            return web.Response(status=204)
        if bucket not in self._policies:
            return s3_error(404, "NoSuchBucketPolicy", "The bucket policy does not exist", BucketName=bucket)
        return web.Response(text=self._policies[bucket][0], content_type="application/json")


def _checked(text: str, bucket: str) -> Policy:
    """Parse the policy, which S3 accepts only for this bucket and its objects. Raises: MalformedPolicyError."""
    if len(text.encode()) > MAX_BYTES:
        raise MalformedPolicyError("Policy exceeds the maximum allowed document size.")
    policy, own = parse_policy(text, "resource", bucket), f"arn:aws:s3:::{bucket}"
    for statement in policy.statements:
        if any(one != own and not one.startswith(f"{own}/") for one in statement.resources):
            raise MalformedPolicyError("Policy has invalid resource")
    return policy
