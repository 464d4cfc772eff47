"""Translation of boto3's errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.errors import PermissionMissingError, ProvisioningError

T = TypeVar("T")
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})
REFUSED_KEYS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
TAKEN = frozenset(
    {
        "BucketAlreadyOwnedByYou",
        "ConflictException",
        "EntityAlreadyExists",
        "QueueAlreadyExists",
        "QueueNameExists",
        "ResourceAlreadyExistsException",
        "ResourceConflictException",
        "ResourceInUseException",
    }
)
"""Error codes of `Create...` calls if the name exists in this account."""
MISSING = frozenset(
    {
        "404",
        "AWS.SimpleQueueService.NonExistentQueue",
        "NotFound",
        "NoSuchBucket",
        "NoSuchEntity",
        "NoSuchBucketPolicy",
        "NoSuchTagSet",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchTagSetError",
        "ResourceNotFound",
        "ResourceNotFoundException",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)


def code_of(error: ClientError) -> str:
    """Return the error's code, e.g. `NoSuchBucket`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_missing(error: ClientError) -> bool:
    return code_of(error) in MISSING


def unless_missing(call: Callable[[], T]) -> T | None:
    """Return the call's result; None if AWS says that there is no such resource. Raises: ClientError."""
    try:
        return call()
    except ClientError as error:
        if is_missing(error):
            return None
        raise


@contextmanager
def explained(resource: str) -> Iterator[None]:
    """Translate boto3's errors. Raises: PermissionMissingError, AlreadyThereError, ProvisioningError."""
    try:
        yield
    except ClientError as error:
        operation, message = error.operation_name, error.response.get("Error", {}).get("Message", "")
        if code_of(error) in DENIED:
            raise PermissionMissingError(
                resource, f"{operation} is not allowed: {message}", "`l3kit permissions aws` lists what is needed"
            ) from None
        if code_of(error) in REFUSED_KEYS:
            raise PermissionMissingError(
                resource, f"AWS refused the credentials at {operation} ({code_of(error)})", "Log in again, then repeat"
            ) from None
        if operation.startswith("Create") and code_of(error) in TAKEN:
            raise AlreadyThereError(resource, f"{operation} returned {code_of(error)}: {message}") from None
        raise ProvisioningError(resource, f"{operation} returned {code_of(error)}: {message}") from None
    except BotoCoreError as error:
        raise ProvisioningError(
            resource, f"AWS cannot be reached ({error})", "Check the network and run again"
        ) from None
