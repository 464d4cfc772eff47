"""Translation of boto3's errors for calls without an answer: broken credentials, no network, a dead sandbox."""

from __future__ import annotations

from typing import Any

from l3kit.errors import PermissionMissingError, ProvisioningError

LOG_IN = "Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in with `aws sso login`"
AGAIN = "Check the network and the proxy settings, in the sandbox `l3kit sandbox status`; then run again"
_OF_CREDENTIALS = (
    "ConfigNotFound",
    "ConfigParseError",
    "CredentialRetrievalError",
    "InvalidConfigError",
    "NoAuthTokenError",
    "NoCredentialsError",
    "PartialCredentialsError",
    "ProfileNotFound",
    "RefreshWithMFAUnsupportedError",
    "SSOError",
    "TokenRetrievalError",
)
_SILENT = frozenset({"CredentialRetrievalError"})
"""Errors whose text repeats the output of another program, which may contain a key."""


def unanswered(exception: Exception, event_name: str = "", **more: Any) -> None:
    """botocore's event `after-call-error`: every call that failed without an answer is reported here alone.

    Raises: PermissionMissingError, ProvisioningError.
    """
    from botocore.exceptions import BotoCoreError

    if isinstance(exception, BotoCoreError):
        service, _, operation = event_name.partition(".")[2].partition(".")
        raise from_botocore(exception, f"AWS {service}", operation) from None


def from_botocore(error: Exception, resource: str, operation: str = "") -> ProvisioningError:
    """Return the error for the user. It shows boto3's text on files, profiles and addresses, and no key."""
    names = {kind.__name__ for kind in type(error).__mro__}
    text = f"{type(error).__name__}" if names & _SILENT else " ".join(str(error).split())[:300]
    if names & set(_OF_CREDENTIALS) or isinstance(error, ValueError) or not operation:
        return PermissionMissingError("AWS credentials", f"cannot be used ({text})", LOG_IN)
    return ProvisioningError(resource, f"{operation} got no response ({text})", AGAIN)
