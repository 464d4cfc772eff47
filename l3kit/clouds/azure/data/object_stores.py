"""Opens blob containers of one storage account by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from azure.storage.blob.aio import ContainerClient

from l3kit.clouds.azure.data.blob_calls import FUNCTION_DENIED, BlobCalls
from l3kit.clouds.azure.data.object_store import BlobObjectStore
from l3kit.errors import ConfigurationError
from l3kit.tiering.loopback import is_loopback
from l3kit.tiering.ports import Tier, Usage
from l3kit.tiering.retry import RetryPolicy
from l3kit.tiering.settings.tuning import OBJECT_TIMEOUTS, REQUEST_TIMEOUT

SINGLE_PUT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BlobPlace:
    """Url and credential of a storage account.

    Attributes:
        account_url: `https://ACCOUNT.blob.core.windows.net`, or the sandbox's.
        credential: an account key, or one of azure.identity's asynchronous credentials.
        agent: prefix of each request's user agent.
        denied: remedy for a permission that the credential lacks.
    """

    account_url: str
    credential: Any = field(repr=False)
    agent: str = "l3kit"
    retry: RetryPolicy | None = None
    denied: str = FUNCTION_DENIED

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> BlobPlace:
        """Read STORAGE_CONNECTION_STRING, as set in a sandbox, else STORAGE_ACCOUNT_URL with the managed identity."""
        text = env.get("STORAGE_CONNECTION_STRING", "")
        if text:
            parts = dict(part.split("=", 1) for part in text.split(";") if part)
            return cls(parts["BlobEndpoint"], parts["AccountKey"])
        url = env.get("STORAGE_ACCOUNT_URL", "")
        if not url:
            raise ConfigurationError("STORAGE_ACCOUNT_URL", "is not set", "Apply the twin again; l3kit injects it")
        from azure.identity.aio import DefaultAzureCredential

        return cls(url, DefaultAzureCredential())


def open_objects(
    container: str, tier: Tier, place: BlobPlace | None = None, *, timeout: float = REQUEST_TIMEOUT
) -> BlobObjectStore:
    """Open the container of a tier or of dead letters. `timeout`: seconds; each gets OBJECT_TIMEOUTS times that."""
    place = place or BlobPlace.from_env()
    client = ContainerClient(
        place.account_url,
        container,
        credential=place.credential,
        retry_total=0,
        user_agent=place.agent,
        max_single_put_size=SINGLE_PUT_BYTES,
        max_single_get_size=1024**3,
        use_env_settings=not is_loopback(place.account_url),
    )
    calls = BlobCalls(Usage(), place.retry, timeout=timeout * OBJECT_TIMEOUTS, denied=place.denied)
    return BlobObjectStore(container, tier, client, calls)
