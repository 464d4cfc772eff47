"""Google Cloud as one notebook reaches it. Not packed into functions."""

from __future__ import annotations

from dataclasses import dataclass, field

from l3kit.provisioning.function_host import FunctionHost


@dataclass(frozen=True)
class GcpSession:
    """One project and region; for now always those of a sandbox.

    Attributes:
        storage_endpoint: address of the Cloud Storage server.
        firestore_endpoint: host and port of the Firestore server.
    """

    project: str
    region: str
    storage_endpoint: str
    firestore_endpoint: str
    functions: FunctionHost = field(repr=False)
