"""The port for the routes of devices' messages to a function: the settings that provisioning writes and reads back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Route:
    """The route of a twin's messages to the function that takes them.

    Attributes:
        owner: the twin that it belongs to, kept in a tag or label; empty if none is named there.
        topics: MQTT topic filter of the messages, e.g. `weather/+/telemetry`.
        function: deployed name of the function, which need not exist.
        letters: the bucket or container for messages that the function took in none of the source's attempts; empty
            where the source retries without limit.
    """

    owner: str
    topics: str
    function: str
    letters: str = ""


@dataclass(frozen=True, slots=True)
class DeployedRoute:
    """A deployed route.

    Attributes:
        name: unique in its cloud's account.
        state: `active`, or the reason why it does not work, as a clause: `it is switched off`.
    """

    name: str
    state: str
    route: Route


class MessageSource(Protocol):
    """The routes of one cloud.

    A source has no state: every method reads or changes the cloud, so that it can be repeated after a crash at any
    point.
    """

    def get(self, name: str) -> DeployedRoute | None:
        """Return the route; None if there is none. Raises: PermissionMissingError, ProvisioningError."""

    def create(self, name: str, route: Route) -> None:
        """Create the route; returns when messages sent from now on take it.

        Raises: AlreadyThereError if there is one, which stays as it is; ProvisioningError.
        """

    def update(self, name: str, route: Route) -> None:
        """Give the route these values, and switch it on. Raises: ProvisioningError."""

    def delete(self, name: str) -> None:
        """Delete the route; a missing one is not an error. Raises: ProvisioningError."""
