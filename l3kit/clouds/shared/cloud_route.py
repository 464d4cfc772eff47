"""A route of devices' messages as a resource of a plan, behind the message source of its cloud."""

from __future__ import annotations

from dataclasses import dataclass, field

from l3kit.clouds.ports.changes import Difference, differs
from l3kit.clouds.ports.message_source import DeployedRoute, MessageSource, Route
from l3kit.clouds.ports.resources import Finding


@dataclass(frozen=True)
class CloudRoute:
    """One route, from a source that is no resource of its own."""

    source: MessageSource = field(repr=False, compare=False)
    name: str
    route: Route
    kind: str = "message route"
    holds_data: bool = False

    def compare(self) -> Finding:
        there = self.source.get(self.name)
        if there is None:
            wanted = self.route
            return Finding.missing(
                {"takes": wanted.topics, "delivers to": wanted.function, "undelivered": wanted.letters}
            )
        return Finding.of(there.route.owner == self.route.owner, self._differences(there))

    def create(self) -> None:
        self.source.create(self.name, self.route)

    def update(self) -> None:
        self.source.update(self.name, self.route)

    def delete(self) -> None:
        self.source.delete(self.name)

    def _differences(self, there: DeployedRoute) -> list[Difference]:
        wanted, had = self.route, there.route
        found = []
        if had.topics != wanted.topics:
            words = f"it takes the messages of {had.topics or 'no topic'}, not of {wanted.topics}"
            found.append(differs(words, "takes", had.topics, wanted.topics))
        if had.function != wanted.function:
            words = f"it delivers to {had.function or 'nothing'}, not to {wanted.function}"
            found.append(differs(words, "delivers to", had.function, wanted.function))
        if had.letters != wanted.letters:
            nowhere = "nowhere"
            words = f"undelivered messages go to {had.letters or nowhere}, not to {wanted.letters or nowhere}"
            found.append(differs(words, "undelivered", had.letters, wanted.letters))
        return found if there.state == "active" else [*found, differs(there.state, "state", there.state, "active")]
