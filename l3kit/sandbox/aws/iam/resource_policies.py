"""The policy of a resource: a bucket, a function, a key."""

from __future__ import annotations

from collections.abc import Callable

from l3kit.sandbox.aws.iam.documents import Policy
from l3kit.sandbox.aws.iam.evaluation import Need
from l3kit.sandbox.aws.iam.keys import Keys


class ResourcePolicies:
    """Look up the policy of a resource. Args: of_bucket, of_function: return the policy by name, or None."""

    def __init__(
        self,
        keys: Keys,
        of_bucket: Callable[[str], Policy | None],
        of_function: Callable[[str], Policy | None],
    ) -> None:
        self._keys = keys
        self._of_bucket = of_bucket
        self._of_function = of_function

    async def of(self, need: Need) -> Policy | None:
        service = need.action.partition(":")[0]
        if service == "s3":
            return self._of_bucket(need.resource.removeprefix("arn:aws:s3:::").partition("/")[0])
        if service == "lambda" and ":function:" in need.resource:
            return self._of_function(need.resource.split(":function:")[1].split(":")[0])
        if service == "kms" and ":key/" in need.resource:
            return await self._keys.policy(need.resource)
        return None


def needs_policy(need: Need) -> bool:
    """Return whether the resource's policy must grant access to the principal or its account, as for KMS keys."""
    return need.action.startswith("kms:") and ":key/" in need.resource
