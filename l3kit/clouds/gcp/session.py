"""Google Cloud as one notebook reaches it."""

from __future__ import annotations

from dataclasses import dataclass, field

from l3kit.clouds.gcp.names import GcpNames
from l3kit.clouds.ports.function_host import FunctionHost
from l3kit.clouds.ports.message_source import MessageSource


@dataclass(frozen=True)
class GcpSession:
    """One project and region; for now always those of a sandbox.

    Attributes:
        storage_endpoint: address of the Cloud Storage server.
        firestore_endpoint: host and port of the Firestore server.
        messages: Pub/Sub.
        database: Firestore database.
    """

    project: str
    region: str
    storage_endpoint: str
    firestore_endpoint: str
    functions: FunctionHost = field(repr=False)
    messages: MessageSource = field(repr=False)
    database: str = "(default)"

    def names(self, twin_name: str) -> GcpNames:
        """The names of all resources of a twin here."""
        return GcpNames(twin_name, self.project, self.region)
