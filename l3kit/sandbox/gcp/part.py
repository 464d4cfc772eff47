"""Google Cloud in a sandbox: the Cloud Storage and Firestore servers, in the gateway's own process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from l3kit.sandbox.cloud import SandboxCloud
from l3kit.sandbox.functions.client import SandboxFunctionHost
from l3kit.sandbox.gcp.account import NAME, PROJECT
from l3kit.sandbox.messages.client import SandboxMessageSource

if TYPE_CHECKING:
    from l3kit.clouds.gcp.cloud import GcpCloud
    from l3kit.clouds.gcp.session import GcpSession
    from l3kit.sandbox.service_host import ServiceHost
    from l3kit.sandbox.state import SandboxState

REGION = "us-central1"
STORAGE, FIRESTORE = "storage", "firestore"


async def start(host: ServiceHost) -> Mapping[str, str]:
    """Start both servers. Returns: Cloud Storage's address, and Firestore's host and port."""
    from l3kit.sandbox.gcp.firestore import FirestoreServer
    from l3kit.sandbox.gcp.firestore_faults import FirestoreFaults
    from l3kit.sandbox.gcp.storage.server import GcsServer

    storage = host.app(STORAGE)
    GcsServer(host.home.root / "gcs").add_routes(storage)
    firestore = FirestoreServer(intercept=FirestoreFaults(host.faults))
    port = await firestore.start()
    host.at_end(firestore.stop)
    return {FIRESTORE: f"127.0.0.1:{port}", STORAGE: await host.listen(storage)}


def function_variables(endpoints: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables with emulator addresses that Google's clients read."""
    return {"STORAGE_EMULATOR_HOST": endpoints[STORAGE], "FIRESTORE_EMULATOR_HOST": endpoints[FIRESTORE]}


def functions(state: SandboxState) -> SandboxFunctionHost:
    """Return the Cloud Run functions."""
    return SandboxFunctionHost(state.gateway, NAME)


def gcp_session(state: SandboxState) -> GcpSession:
    """Return a session on the sandbox's project."""
    from l3kit.clouds.gcp.session import GcpSession

    storage, firestore = state.endpoints[STORAGE], state.endpoints[FIRESTORE]
    messages = SandboxMessageSource(state.gateway, NAME)
    return GcpSession(PROJECT, REGION, storage, firestore, functions(state), messages)


def open_cloud(state: SandboxState) -> GcpCloud:
    """Open the sandbox's project."""
    from l3kit.clouds.gcp.cloud import GcpCloud

    return GcpCloud(gcp_session(state))


PART = SandboxCloud(
    "the Cloud Storage and Firestore servers",
    start,
    open_cloud,
    function_variables=function_variables,
    functions=functions,
)
