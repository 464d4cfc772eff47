"""The condition keys that the sandbox can evaluate: those of the policies that l3kit writes.

A policy with any other key is refused when it is stored, because it could not be evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping

Context = Mapping[str, tuple[str, ...]]
"""A request's condition keys in lower case, each with its values."""
OF_EVERY_REQUEST: Context = {"aws:securetransport": ("true",)}
"""Loopback counts as secure transport: the endpoint is plain http, but nothing can listen in between."""
KNOWN = frozenset(
    {
        *OF_EVERY_REQUEST,
        "aws:sourceaccount",
        "aws:sourcearn",
        "cloudwatch:namespace",
        "iam:passedtoservice",
        "kms:viaservice",
        "lambda:functionurlauthtype",
        "lambda:invokedviafunctionurl",
        "s3:if-none-match",
        "s3:objectcreationoperation",
    }
)


def is_known(key: str) -> bool:
    """Return whether a condition key, in lower case, can be evaluated."""
    return key in KNOWN
