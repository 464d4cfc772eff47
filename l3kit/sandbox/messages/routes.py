"""The routes of one cloud's messages to functions, as set by provisioning. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from l3kit.sandbox.messages.topics import matches, problem_with_filter

FIELDS = frozenset(("owner", "topics", "function", "letters"))


@dataclass(frozen=True, slots=True)
class Route:
    """A route: `l3kit.clouds.ports.message_source.Route` with its name."""

    name: str
    owner: str
    topics: str
    function: str
    letters: str = ""

    def to_json(self) -> dict[str, str]:
        return asdict(self)


class Routes:
    """The routes of one cloud by name."""

    def __init__(self) -> None:
        self._routes: dict[str, Route] = {}

    def get(self, name: str) -> Route | None:
        return self._routes.get(name)

    def put(self, route: Route) -> None:
        self._routes[route.name] = route

    def delete(self, name: str) -> Route | None:
        """Delete a route and return it; None if there was none."""
        return self._routes.pop(name, None)

    def taking(self, topic: str) -> Iterator[Route]:
        """Iterate over the routes whose filter matches this topic."""
        return (route for route in self._routes.values() if matches(route.topics, topic))

    def twins(self) -> set[str]:
        """The first levels of all filters: the twins whose devices are connected to this cloud."""
        return {route.topics.partition("/")[0] for route in self._routes.values()}


def read_route(name: str, body: Any) -> Route:
    """Read a route from a request. Raises: ValueError naming the field."""
    if not isinstance(body, Mapping) or not all(isinstance(value, str) for value in body.values()):
        raise ValueError("a route is a JSON object of texts")
    if set(body) - FIELDS or not {"owner", "topics", "function"} <= set(body):
        raise ValueError(f"a route has {', '.join(sorted(FIELDS))}")
    if problem := problem_with_filter(body["topics"]):
        raise ValueError(f"topics: {body['topics']!r} is not a topic filter: {problem}")
    if not body["function"]:
        raise ValueError("function: the name of the function is empty")
    return Route(name, **body)
