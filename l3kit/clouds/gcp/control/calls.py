"""The SDKs' clients for provisioning, and translation of their errors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from l3kit.errors import PermissionMissingError, ProvisioningError

if TYPE_CHECKING:
    from l3kit.clouds.gcp.session import GcpSession


BUCKETS_ROLE = "roles/storage.admin on the project"
DOCUMENTS_ROLE = "roles/datastore.user on the project"


@cache
def storage_client(session: GcpSession) -> Any:
    """Return google-cloud-storage's client of the session's project; it ignores the shell's proxies."""
    from google.auth.transport.requests import AuthorizedSession
    from google.cloud.storage import Client

    from l3kit.clouds.gcp.data.object_stores import NO_BUCKET_READS

    os.environ.setdefault(NO_BUCKET_READS, "true")
    http = AuthorizedSession(session.credentials)
    http.trust_env = False
    options = {"api_endpoint": session.storage_endpoint}
    client = Client(session.project, session.credentials, _http=http, client_options=options)
    client._connection.API_BASE_MTLS_URL = session.storage_endpoint
    return client


@cache
def firestore_client(session: GcpSession) -> Any:
    """Return google-cloud-firestore's GAPIC client of the session's database; unencrypted to the sandbox."""
    import grpc
    from google.cloud.firestore_v1.services.firestore import FirestoreClient
    from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

    channel = grpc.insecure_channel(session.firestore_endpoint, options=[("grpc.enable_http_proxy", 0)])
    return FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))


@contextmanager
def explained(resource: str, role: str) -> Iterator[None]:
    """Translate Google's errors.

    Args:
        role: the role that allows this, and its scope.
    Raises: PermissionMissingError, ProvisioningError.
    """
    from google.api_core.exceptions import Forbidden, GoogleAPIError, Unauthorized
    from google.auth.exceptions import GoogleAuthError
    from requests import RequestException

    try:
        yield
    except (Forbidden, Unauthorized):
        raise PermissionMissingError(
            resource, "the credentials may not do this", f"Grant whoever runs this the role {role}"
        ) from None
    except GoogleAPIError as error:
        cause = f"Google Cloud refused ({type(error).__name__}: {getattr(error, 'message', '')})"
        raise ProvisioningError(resource, cause, "Resolve the cause, then apply again") from None
    except GoogleAuthError as error:
        cause = f"the credentials cannot be used ({type(error).__name__})"
        raise PermissionMissingError(resource, cause, "Log in: gcloud auth application-default login") from None
    except RequestException as error:
        raise ProvisioningError(
            resource,
            f"Google Cloud could not be reached ({type(error).__name__})",
            "Check the network, then apply again",
        ) from None
