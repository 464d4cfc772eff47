"""Google's own clients for a control plane on loopback."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.cloud import firestore, storage
from google.oauth2.credentials import Credentials

from l3kit.clouds.gcp.session import GcpSession

SECONDS = 120.0


@dataclass(frozen=True)
class Clients:
    """Makes clients with the owner's token.

    Attributes:
        address: of the control plane.
    """

    address: str
    project: str
    region: str
    token: str = field(repr=False)

    @property
    def name(self) -> str:
        return f"projects/{self.project}"

    @property
    def location(self) -> str:
        return f"{self.name}/locations/{self.region}"

    def host(self, api: str) -> str:
        """Return the address of an API, without a scheme."""
        return f"{self.address.partition('//')[2]}/{api}.googleapis.com"

    def discovered(self, api: str, version: str) -> Any:
        """Return google-api-python-client's client of an API."""
        from googleapiclient.discovery import build

        path = "storage/v1/" if api == "storage" else ""
        options = {"api_endpoint": f"http://{self.host(api)}/{path}"}
        return build(api, version, credentials=Credentials(self.token), client_options=options, static_discovery=True)

    def gapic(self, kind: Any, api: str) -> Any:
        """Return a client of a google-cloud package, with plain requests, as loopback without TLS needs them."""
        transport = kind.get_transport_class("rest")
        return kind(transport=transport(host=self.host(api), url_scheme="http", credentials=Credentials(self.token)))


def ended(operations: Any, operation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Look at an operation until it is done. Returns: its response."""
    deadline = time.monotonic() + SECONDS
    while not operation.get("done"):
        assert time.monotonic() < deadline, operation
        operation = operations.get(name=operation["name"]).execute()
        time.sleep(0.05)
    assert "error" not in operation, operation
    found = operation.get("response", {})
    assert isinstance(found, dict)
    return found


def fresh(word: str) -> str:
    """Return a name that no other test has."""
    return f"{word}-{random.SystemRandom().randrange(16**8):08x}"


def storage_client(session: GcpSession) -> storage.Client:
    """Return google-cloud-storage's client for a session on a sandbox."""
    return storage.Client(
        session.project, session.credentials, client_options={"api_endpoint": session.storage_endpoint}
    )


def documents_client(session: GcpSession) -> firestore.Client:
    """Return google-cloud-firestore's client of the database `(default)`, for a session on a sandbox."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", str(session.firestore_endpoint))
        patch.setenv("GRPC_ENABLE_HTTP_PROXY", "0")
        client = firestore.Client(project=session.project)
        _ = client._firestore_api  # made from what the shell says now
    token = ("authorization", f"Bearer {session.credentials.token}")
    client._rpc_metadata_internal = [*(one for one in client._rpc_metadata if one[0] != token[0]), token]
    return client
