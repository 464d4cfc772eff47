"""Azure as one notebook reaches it."""

from __future__ import annotations

from dataclasses import dataclass, field

from l3kit.clouds.azure.names import AzureNames
from l3kit.clouds.ports.function_host import FunctionHost
from l3kit.clouds.ports.message_source import MessageSource


@dataclass(frozen=True, slots=True)
class IotHub:
    """The IoT hub of the twins' devices.

    Attributes:
        host: host of its service endpoint.
        events_connection: connection string of its built-in Event Hubs endpoint, which holds a key.
        events_name: the event hub's name there.
    """

    host: str
    events_connection: str = field(repr=False)
    events_name: str


@dataclass(frozen=True)
class AzureSession:
    """One subscription and region; for now always that of a sandbox.

    Attributes:
        cosmos_endpoint, storage_url: addresses of the Cosmos DB and storage accounts.
        cosmos_key, storage_key: keys of the emulators; public.
        messages: routes of the hub.
    """

    subscription: str
    region: str
    cosmos_endpoint: str
    cosmos_key: str = field(repr=False)
    storage_url: str
    storage_key: str = field(repr=False)
    functions: FunctionHost = field(repr=False)
    messages: MessageSource = field(repr=False)
    hub: IotHub

    def names(self, twin_name: str) -> AzureNames:
        """The names of all resources of a twin here."""
        return AzureNames(twin_name, self.subscription, self.region)
