"""Version and length limits of policies, to reject before any change a policy that AWS would refuse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from l3kit.errors import ProvisioningError

VERSION = "2012-10-17"
"""Version of the policy language."""
ROLE_POLICIES = 10_240
"""Maximum characters of all inline policies of a role together, without white space; not adjustable.

Source: IAM user guide, "IAM and AWS STS quotas".
"""
TRUST_POLICY = 2_048
"""Maximum characters of a role's trust policy (same source); can be raised to 8,192 on request."""
MANAGED_POLICY = 6_144
"""Maximum characters of a customer managed policy (same source)."""
BUCKET_POLICY = 20_480
"""Maximum bytes of a bucket policy (S3 user guide, "Bucket policies": 20 KB)."""


def compact(document: Mapping[str, Any]) -> str:
    """Serialize the document without white space, as counted and sent."""
    return json.dumps(document, separators=(",", ":"))


def check_length(where: str, what: str, document: Mapping[str, Any], limit: int) -> None:
    """Check the document's length. Raises: ProvisioningError if AWS would refuse it as too long."""
    length = len(compact(document))
    if length > limit:
        raise ProvisioningError(
            where,
            f"{what} would have {length:,} characters, and AWS allows {limit:,}; nothing was changed",
            "Shorten the twin's name, or give the stores keys with shorter ARNs",
        )
