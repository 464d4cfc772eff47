"""Google Cloud in a sandbox: its stores and its control plane, in the gateway's own process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from l3kit.sandbox.cloud import SandboxCloud
from l3kit.sandbox.functions.client import SandboxFunctions
from l3kit.sandbox.gcp.account import NAME, PROJECT, PUBSUB_AGENT, REGION
from l3kit.sandbox.state import Home

if TYPE_CHECKING:
    from l3kit.clouds.gcp.cloud import GcpCloud
    from l3kit.clouds.gcp.session import GcpSession
    from l3kit.sandbox.gcp.control.sandbox_effects import SandboxEffects
    from l3kit.sandbox.service_host import ServiceHost
    from l3kit.sandbox.state import SandboxState

STORAGE, FIRESTORE, CONTROL, METADATA = "storage", "firestore", "gcp_control", "metadata"

LOOK_SECONDS = 0.2
"""Maximum time between two looks at an operation: those of the sandbox take seconds, not minutes."""


async def start(host: ServiceHost) -> Mapping[str, str]:
    """Start the servers. Returns: their addresses, of Firestore host and port."""
    os.environ["GRPC_VERBOSITY"] = "NONE"  # gRPC's core logs headers
    from l3kit.sandbox.gcp.cloud_run import metadata_server, platform
    from l3kit.sandbox.gcp.faults import StorageCalls
    from l3kit.sandbox.gcp.firestore import FirestoreServer
    from l3kit.sandbox.gcp.firestore_faults import FirestoreFaults
    from l3kit.sandbox.gcp.guard import Guard
    from l3kit.sandbox.gcp.identity import Tokens, keep_operator_token
    from l3kit.sandbox.gcp.invokers import Invokers
    from l3kit.sandbox.gcp.late_plane import ControlCalls, LatePlane, SubscriptionTokens, made_plane
    from l3kit.sandbox.gcp.push import PushSubscriptions
    from l3kit.sandbox.gcp.push_endpoints import PushEndpoints
    from l3kit.sandbox.gcp.storage.server import GcsServer
    from l3kit.sandbox.messages.routes import Routes

    tokens, routes = Tokens(), Routes()
    keep_operator_token(tokens, host.folder(NAME))
    plane = LatePlane(lambda: made_plane(tokens, effects()))
    guard = Guard(tokens, plane)
    invokers = Invokers(tokens, plane)
    storage = host.app(STORAGE, StorageCalls(STORAGE))
    server = GcsServer(host.home.root / "gcs", guard=guard)
    server.add_routes(storage)
    firestore = FirestoreServer(intercept=FirestoreFaults(host.faults), guard=guard)
    port = await firestore.start()
    host.at_end(firestore.stop)
    address = await host.listen(storage)
    pushing = SubscriptionTokens(tokens, PUBSUB_AGENT, lambda function: f"{host.functions.endpoint}/_{NAME}/{function}")
    endpoints = PushEndpoints(host.calls, host.functions, address, pushing)
    note = partial(host.functions.note, NAME)
    metadata = await host.serve(METADATA, metadata_server(host.functions, tokens, plane.account_of).serve)
    host.functions.add(platform(host.functions, invokers, metadata.removeprefix("http://"), plane.job_account))
    subscriptions = PushSubscriptions(routes, endpoints, host.message_faults, note)
    host.messages.add(NAME, subscriptions)

    def effects() -> SandboxEffects:
        from l3kit.sandbox.gcp.control.sandbox_effects import SandboxEffects

        parts = (server.storage, firestore, host.functions, routes, subscriptions)
        return SandboxEffects(*parts, pushing.pushes)

    control = await host.serve(CONTROL, plane.handle, ControlCalls(CONTROL))
    host.at_end(plane.close)
    return {FIRESTORE: f"127.0.0.1:{port}", STORAGE: address, CONTROL: control, METADATA: metadata}


def function_variables(endpoints: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables with emulator addresses that Google's clients read."""
    return {"STORAGE_EMULATOR_HOST": endpoints[STORAGE], "FIRESTORE_EMULATOR_HOST": endpoints[FIRESTORE]}


def functions(state: SandboxState) -> SandboxFunctions:
    """Return the Cloud Run functions, to fire their jobs."""
    return SandboxFunctions(state.gateway, NAME)


def gcp_session(state: SandboxState) -> GcpSession:
    """Return a session on the sandbox's project, as its operator."""
    from google.oauth2.credentials import Credentials

    from l3kit.clouds.gcp.opening import Endpoints, session_on
    from l3kit.sandbox.gcp.identity import operator_token

    control = state.endpoints[CONTROL]
    endpoints = Endpoints(
        lambda host: f"{control}/{host}", state.endpoints[STORAGE], state.endpoints[FIRESTORE], LOOK_SECONDS
    )
    return session_on(PROJECT, REGION, Credentials(operator_token(Home(state.home).cloud(NAME))), endpoints)


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
