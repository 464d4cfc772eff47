"""Google Cloud as one notebook reaches it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from l3kit.clouds.gcp.control.traffic import Traffic
from l3kit.clouds.gcp.names import GcpNames
from l3kit.clouds.ports.function_host import FunctionHost
from l3kit.clouds.ports.message_source import MessageSource

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from l3kit.clouds.ports.control import Control

DEFAULT_DATABASE = "(default)"


@dataclass(frozen=True)
class GcpSession:
    """One project and region.

    Attributes:
        storage_endpoint: address of a sandbox's Cloud Storage server; None for Google's.
        firestore_endpoint: host and port of a sandbox's Firestore server; None for Google's.
        messages: Pub/Sub.
        database: Firestore database of all twins; empty where each has its own.
        control: Google Cloud's control plane; None in a sandbox that is deployed to in another way.
        credentials: of whoever runs this; None in a sandbox that asks for none.
        traffic: requests to the control plane.
    """

    project: str
    region: str
    storage_endpoint: str | None
    firestore_endpoint: str | None
    functions: FunctionHost = field(repr=False)
    messages: MessageSource = field(repr=False)
    database: str = DEFAULT_DATABASE
    control: Control | None = field(default=None, repr=False)
    credentials: Credentials | None = field(default=None, repr=False)
    traffic: Traffic = field(default_factory=Traffic, repr=False, compare=False)

    def names(self, twin_name: str) -> GcpNames:
        """The names of all resources of a twin here."""
        return GcpNames(twin_name, self.project, self.region)

    def database_of(self, twin_name: str) -> str:
        """The Firestore database of a twin."""
        return self.database or self.names(twin_name).database()
