"""A cloud's routes of messages in memory, behind the port `MessageSource`."""

from __future__ import annotations

from dataclasses import replace

from l3kit.clouds.ports.message_source import DeployedRoute, Route
from l3kit.clouds.ports.resources import AlreadyThereError


class MemoryMessages:
    """Attributes:
    routes: by name; a test may change them.
    """

    def __init__(self) -> None:
        self.routes: dict[str, DeployedRoute] = {}

    def get(self, name: str) -> DeployedRoute | None:
        return self.routes.get(name)

    def create(self, name: str, route: Route) -> None:
        if name in self.routes:
            raise AlreadyThereError(f"route {name}", "exists already")
        self.update(name, route)

    def update(self, name: str, route: Route) -> None:
        self.routes[name] = DeployedRoute(name, "active", route)

    def delete(self, name: str) -> None:
        self.routes.pop(name, None)

    def fail(self, name: str, state: str) -> None:
        self.routes[name] = replace(self.routes[name], state=state)
