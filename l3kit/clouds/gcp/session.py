"""Google Cloud as one notebook reaches it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from l3kit.clouds.gcp.control.traffic import Traffic
from l3kit.clouds.gcp.names import GcpNames
from l3kit.clouds.ports.function_host import FunctionHost
from l3kit.clouds.ports.message_source import MessageSource
from l3kit.clouds.shared.patience import Patience

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
        control: Google Cloud's control plane.
        credentials: of whoever runs this.
        patience: the rule for waits and repetitions in the control plane.
        traffic: requests to the control plane.
    """

    project: str
    region: str
    storage_endpoint: str | None
    firestore_endpoint: str | None
    functions: FunctionHost = field(repr=False)
    messages: MessageSource = field(repr=False)
    control: Control = field(repr=False)
    credentials: Credentials = field(repr=False)
    patience: Patience = field(default_factory=Patience, repr=False, compare=False)
    traffic: Traffic = field(default_factory=Traffic, repr=False, compare=False)

    def names(self, twin_name: str) -> GcpNames:
        """The names of all resources of a twin here."""
        return GcpNames(twin_name, self.project, self.region)

    def database_of(self, twin_name: str) -> str:
        """The Firestore database of a twin, which has its own."""
        return self.names(twin_name).database()
