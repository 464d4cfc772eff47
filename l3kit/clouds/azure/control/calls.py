"""The SDKs' clients for provisioning, and translation of their errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from l3kit.errors import PermissionMissingError, ProvisioningError
from l3kit.tiering.loopback import is_loopback

if TYPE_CHECKING:
    from l3kit.clouds.azure.session import AzureSession

READ_SECONDS = 60
BLOBS_ROLE = "Storage Blob Data Contributor on the storage account"
COSMOS_ROLE = "Cosmos DB Operator on the Cosmos DB account"


@cache
def cosmos_client(session: AzureSession) -> Any:
    """Return azure-cosmos's client of the session's account; on loopback it ignores the shell's proxies."""
    from azure.core.pipeline.transport import RequestsTransport
    from azure.cosmos import CosmosClient

    transport = RequestsTransport(use_env_settings=not is_loopback(session.cosmos_endpoint))
    return CosmosClient(
        session.cosmos_endpoint, session.cosmos_key, enable_endpoint_discovery=False, transport=transport
    )


@cache
def blob_client(session: AzureSession) -> Any:
    """Return azure-storage-blob's client of the session's account; on loopback it ignores the shell's proxies."""
    from azure.storage.blob import BlobServiceClient

    return BlobServiceClient(
        session.storage_url,
        credential=session.storage_key,
        read_timeout=READ_SECONDS,
        use_env_settings=not is_loopback(session.storage_url),
    )


@contextmanager
def explained(resource: str, role: str) -> Iterator[None]:
    """Translate Azure's errors.

    Args:
        role: the role that allows this, and its scope.
    Raises: PermissionMissingError, ProvisioningError, both without keys.
    """
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        status = error.status_code
        if status in (401, 403):
            raise PermissionMissingError(
                resource, f"the credentials do not permit this ({status})", f"Give whoever runs this the role {role}"
            ) from None
        code = getattr(error, "error_code", None) or error.reason or "refused"
        raise ProvisioningError(
            resource, f"Azure returned {status} {code}", "Resolve the cause, then apply again"
        ) from None
    except AzureError as error:
        raise ProvisioningError(
            resource, f"Azure could not be reached ({type(error).__name__})", "Check the network, then apply again"
        ) from None
