"""Opens Cloud Storage buckets of one project by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import google.auth.transport.requests
import google.cloud.storage as storage
from google.api_core.client_info import ClientInfo
from google.auth.credentials import AnonymousCredentials, Credentials
from requests.adapters import HTTPAdapter

from l3kit.clouds.gcp.data.credentials import default_credentials
from l3kit.clouds.gcp.data.object_store import GcsObjectStore
from l3kit.clouds.gcp.data.remedies import FUNCTION_DENIED
from l3kit.clouds.gcp.data.storage_calls import StorageCalls
from l3kit.errors import ConfigurationError
from l3kit.tiering.ports import Tier, Usage
from l3kit.tiering.retry import RetryPolicy
from l3kit.tiering.settings.tuning import OBJECT_TIMEOUTS, REQUEST_TIMEOUT

CONNECTIONS = 16
NO_BUCKET_READS = "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"


@dataclass(frozen=True, slots=True)
class GcsPlace:
    """Project, endpoint and credentials of Cloud Storage.

    Attributes:
        endpoint: a sandbox's; None for Google Cloud.
        credentials: called once, when a store is opened; None: none for a sandbox's, else the default ones.
        agent: prefix of each request's user agent.
        denied: remedy for a permission that the credentials lack.
    """

    project: str
    endpoint: str | None = None
    credentials: Callable[[], Credentials] | None = None
    agent: str = "l3kit"
    retry: RetryPolicy | None = None
    denied: str = FUNCTION_DENIED

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> GcsPlace:
        """Read the variables that Google's clients read: GOOGLE_CLOUD_PROJECT and STORAGE_EMULATOR_HOST."""
        project = env.get("GOOGLE_CLOUD_PROJECT") or ""
        if not project:
            raise ConfigurationError("GOOGLE_CLOUD_PROJECT", "is not set", "Set it to the twin's project")
        endpoint = env.get("STORAGE_EMULATOR_HOST") or None
        if endpoint and "://" not in endpoint:
            endpoint = f"http://{endpoint}"
        return cls(project, endpoint)


def open_objects(
    bucket: str, tier: Tier, place: GcsPlace | None = None, *, timeout: float = REQUEST_TIMEOUT
) -> GcsObjectStore:
    """Open a bucket for one tier. `timeout`: seconds; requests get OBJECT_TIMEOUTS times as many."""
    place = place or GcsPlace.from_env()
    credentials = (place.credentials or (AnonymousCredentials if place.endpoint else default_credentials))()
    session = google.auth.transport.requests.AuthorizedSession(credentials)
    session.headers["User-Agent"] = place.agent
    session.trust_env = place.endpoint is None  # a sandbox's client ignores the shell's proxies
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS, max_retries=0))
    # Otherwise the client reads the bucket for traces: uncounted, retried, and requiring another permission.
    os.environ.setdefault(NO_BUCKET_READS, "true")
    client = storage.Client(
        project=place.project,
        credentials=credentials,
        _http=session,
        client_info=ClientInfo(user_agent=place.agent),
        client_options={"api_endpoint": place.endpoint} if place.endpoint else None,
    )
    if place.endpoint:
        client._connection.API_BASE_MTLS_URL = place.endpoint  # otherwise GOOGLE_API_USE_MTLS_ENDPOINT leads to Google
    calls = StorageCalls(Usage(), threads=CONNECTIONS, retry=place.retry, denied=place.denied)
    return GcsObjectStore(bucket, tier, client, session, calls, timeout=timeout * OBJECT_TIMEOUTS)
