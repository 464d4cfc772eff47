"""Azure in a sandbox: Azurite and a Cosmos DB server, each behind a port of the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from l3kit.sandbox import node_install
from l3kit.sandbox.azure.account import (
    COSMOS_KEY,
    IOT_HUB_KEY,
    IOT_HUB_POLICY,
    NAME,
    STORAGE_ACCOUNT,
    STORAGE_KEY,
    SUBSCRIPTION,
)
from l3kit.sandbox.azure.emulators import AZURE_FILES, start_azurite, start_cosmos
from l3kit.sandbox.cloud import Progress, SandboxCloud
from l3kit.sandbox.emulators import Emulator
from l3kit.sandbox.functions.client import Entrance, SandboxFunctionHost
from l3kit.sandbox.messages.client import SandboxMessageSource
from l3kit.sandbox.upstream import Upstream

if TYPE_CHECKING:
    from l3kit.clouds.azure.cloud import AzureCloud
    from l3kit.clouds.azure.session import AzureSession
    from l3kit.sandbox.service_host import ServiceHost
    from l3kit.sandbox.state import SandboxState

REGION = "westeurope"
COSMOS, BLOB, IOT_HUB = "cosmos", "blob", "iothub"
EVENT_HUB = "l3kit-sandbox-events"
"""Name of the event hub that the IoT hub's messages are in; the sandbox gives them to the functions itself."""


async def start(host: ServiceHost) -> Mapping[str, str]:
    """Start both servers concurrently; if one does not start, the other is stopped."""
    from l3kit.sandbox.azure.cosmos import CosmosLayer
    from l3kit.sandbox.azure.event_hub import EventHub
    from l3kit.sandbox.azure.faults import BlobCalls, CosmosCalls
    from l3kit.sandbox.azure.function_apps import PLATFORM, FunctionApps
    from l3kit.sandbox.azure.iot_hub import IotHub
    from l3kit.sandbox.messages.routes import Routes

    node, folder = await asyncio.to_thread(node_install.ready, AZURE_FILES)
    modules = str(folder)
    started = await asyncio.gather(
        start_azurite(host.home, node.binary, modules),
        start_cosmos(host.home, node.binary, modules),
        return_exceptions=True,
    )
    emulators = [one for one in started if isinstance(one, Emulator)]
    for one in started:
        if isinstance(one, BaseException):
            await asyncio.gather(*(emulator.stop() for emulator in emulators))
            raise one
    routes, apps = Routes(), FunctionApps(host.functions)
    host.functions.add(PLATFORM)
    host.messages.add(NAME, EventHub(routes, apps, host.message_faults, apps.note), routes)
    hub = IotHub(routes.twins, host.messages.broker.publish)
    azurite, cosmos = (host.keep(emulator) for emulator in emulators)
    blob = await host.serve(BLOB, Upstream(host.session, azurite.info.port).forward, BlobCalls(BLOB))
    layer = CosmosLayer(Upstream(host.session, cosmos.info.port))
    return {
        BLOB: f"{blob}/{STORAGE_ACCOUNT}",
        COSMOS: await host.serve(COSMOS, layer.handle, CosmosCalls(COSMOS)),
        IOT_HUB: await host.serve(IOT_HUB, hub.handle),
    }


def install(progress: Progress) -> None:
    """Install both servers."""
    node_install.ready(AZURE_FILES, progress)


def function_variables(endpoints: Mapping[str, str]) -> Mapping[str, str]:
    """Return the connection strings of both accounts and of the IoT hub."""
    return {
        "STORAGE_CONNECTION_STRING": storage_connection_string(endpoints[BLOB]),
        "COSMOS_CONNECTION_STRING": f"AccountEndpoint={endpoints[COSMOS]}/;AccountKey={COSMOS_KEY};",
        "IOTHUB_CONNECTION_STRING": (
            f"HostName={endpoints[IOT_HUB].removeprefix('http://')};SharedAccessKeyName={IOT_HUB_POLICY};"
            f"SharedAccessKey={IOT_HUB_KEY}"
        ),
    }


def storage_connection_string(blob_endpoint: str) -> str:
    """Return the argument of azure-storage-blob's `from_connection_string`."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={STORAGE_ACCOUNT};AccountKey={STORAGE_KEY};"
        f"BlobEndpoint={blob_endpoint};"
    )


def functions_at(gateway: str) -> SandboxFunctionHost:
    """Return the function apps of the sandbox with its gateway at this address."""
    return SandboxFunctionHost(gateway, NAME, Entrance("/api/run", "x-functions-key", parameter="code"))


def functions(state: SandboxState) -> SandboxFunctionHost:
    """Return the function apps."""
    return functions_at(state.gateway)


def azure_session(state: SandboxState) -> AzureSession:
    """Return a session on the sandbox's subscription."""
    from l3kit.clouds.azure.session import AzureSession, IotHub

    cosmos, blob = state.endpoints[COSMOS], state.endpoints[BLOB]
    messages = SandboxMessageSource(state.gateway, NAME)
    host = state.endpoints[IOT_HUB].removeprefix("http://")
    key = f"SharedAccessKeyName={IOT_HUB_POLICY};SharedAccessKey={IOT_HUB_KEY}"
    hub = IotHub(host, f"Endpoint=sb://{host}/;{key};EntityPath={EVENT_HUB}", EVENT_HUB)
    return AzureSession(SUBSCRIPTION, REGION, cosmos, COSMOS_KEY, blob, STORAGE_KEY, functions(state), messages, hub)


def open_cloud(state: SandboxState) -> AzureCloud:
    """Open the sandbox's subscription."""
    from l3kit.clouds.azure.cloud import AzureCloud

    return AzureCloud(azure_session(state))


PART = SandboxCloud(
    "Azurite and the Cosmos DB server", start, open_cloud, install, function_variables, functions=functions
)
