"""How long a policy may be, so that one that AWS would refuse is told before anything is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from l3kit.errors import ProvisioningError

ROLE_POLICIES = 10_240
"""Characters of all inline policies of a role together, white space not counted (IAM user guide, "IAM and AWS STS
quotas"). Not adjustable."""
TRUST_POLICY = 2_048
"""Characters of a role's trust policy, likewise; can be raised to 8,192 on request."""
MANAGED_POLICY = 6_144
"""Characters of a customer managed policy, likewise."""
BUCKET_POLICY = 20_480
"""Bytes of a bucket policy (S3 user guide, "Bucket policies": 20 KB)."""


def compact(document: Mapping[str, Any]) -> str:
    """The document without white space, as it is counted and sent."""
    return json.dumps(document, separators=(",", ":"))


def check_length(where: str, what: str, document: Mapping[str, Any], limit: int) -> None:
    """Raises: ProvisioningError where AWS would refuse the document for its length."""
    length = len(compact(document))
    if length > limit:
        raise ProvisioningError(
            where,
            f"{what} would have {length:,} characters, and AWS takes {limit:,}; nothing was changed",
            "Shorten the twin's name, or give the stores keys with shorter ARNs",
        )
