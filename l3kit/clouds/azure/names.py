"""Names of a twin's resources on Azure. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from l3kit.tiering.settings.function_table import StoreName
from l3kit.twin.naming import STORE_NAMES, check_twin_name, digest, function_name, limited


@dataclass(frozen=True, slots=True)
class AzureNames:
    """Names on Azure.

    Args:
        twin_name: checked by `check_twin_name`.
        subscription: id of the subscription. Names of function apps are globally unique: they end in a
            digest of subscription, region and twin.
    """

    twin_name: str
    subscription: str
    region: str

    def __post_init__(self) -> None:
        check_twin_name(self.twin_name)

    def function(self, function: str) -> str:
        """The function app of one of `FUNCTIONS`: each has its own. 2 to 60 characters."""
        suffix = digest(f"{self.subscription}/{self.region}/{self.twin_name}", 8)
        return limited(f"{function_name(self.twin_name, function)}-{suffix}", 60)

    def database(self) -> str:
        """The Cosmos DB database that holds the twin's containers."""
        return f"l3kit-{self.twin_name}"

    def route(self) -> str:
        """The consumer group through which IoT Hub's messages reach the dispatcher. At most 50 characters."""
        return f"{self.twin_name}-telemetry"

    def store(self, resource: StoreName) -> str:
        """The Cosmos DB or blob container of a tier, or the journal's. 3 to 63 characters."""
        return f"{self.twin_name}-{STORE_NAMES[resource]}"
