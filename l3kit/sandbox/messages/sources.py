"""The message sources of all clouds in a gateway, its calls of them, and feedback to devices."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web

from l3kit.errors import SandboxError
from l3kit.sandbox.answers import json_answer
from l3kit.sandbox.messages.broker import MQTT, Broker
from l3kit.sandbox.messages.message import Message, RefusedMessageError, Source
from l3kit.sandbox.messages.routes import Route, Routes, read_route

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class MessageSources:
    """Delivery of published messages to the clouds that have routes for them.

    Args:
        refused: logs why a message was refused.
    """

    def __init__(self, broker: Broker, refused: Callable[[str], None]) -> None:
        self.broker = broker
        self._refused = refused
        self._sources: dict[str, Source] = {}
        self._routes: dict[str, Routes] = {}

    def add(self, cloud: str, source: Source, routes: Routes | None = None) -> None:
        """Add a cloud's source, with its routes if they are managed here."""
        self._sources[cloud] = source
        if routes is not None:
            self._routes[cloud] = routes

    def add_routes(self, app: web.Application, admin: Callable[[Handler], Handler]) -> None:
        router = app.router
        router.add_post("/_sandbox/broker", admin(self._begin))
        router.add_post("/_sandbox/broker/messages", admin(self._published))
        router.add_get("/_sandbox/messages", admin(self._pending))
        router.add_get("/_sandbox/messages/{cloud}/{name}", admin(self._get))
        router.add_post("/_sandbox/messages/{cloud}/{name}", admin(self._create))
        router.add_put("/_sandbox/messages/{cloud}/{name}", admin(self._put))
        router.add_delete("/_sandbox/messages/{cloud}/{name}", admin(self._delete))

    def take(self, message: Message) -> None:
        """Give a message to all sources, or to none. Raises: RefusedMessageError."""
        for source in self._sources.values():
            source.check(message)
        for source in self._sources.values():
            source.accept(message)

    async def close(self) -> None:
        for source in self._sources.values():
            await source.close()
        await self.broker.close()

    async def _begin(self, request: web.Request) -> web.Response:
        try:
            return json_answer({MQTT: await self.broker.begin()})
        except SandboxError as error:
            return _failed(error)

    async def _published(self, request: web.Request) -> web.Response:
        """Accept messages from the broker; answer with the indexes of those refused."""
        refused = []
        for index, message in enumerate(read_messages(await request.read(), datetime.now(UTC))):
            try:
                self.take(message)
            except RefusedMessageError as refusal:
                refused.append(index)
                self._refused(f"a message was refused, and its sender disconnected: {refusal}")
        return json_answer({"refused": refused})

    async def _pending(self, request: web.Request) -> web.Response:
        return json_answer({"pending": {cloud: source.pending for cloud, source in self._sources.items()}})

    async def _get(self, request: web.Request) -> web.Response:
        routes = self._routes.get(request.match_info["cloud"])
        route = routes.get(request.match_info["name"]) if routes else None
        return json_answer(route.to_json()) if route else json_answer({"error": "there is no such route"}, 404)

    async def _create(self, request: web.Request) -> web.Response:
        routes = self._routes.get(request.match_info["cloud"])
        if routes and routes.get(request.match_info["name"]):
            return json_answer({"error": "the route exists already"}, 409)
        return await self._put(request)

    async def _put(self, request: web.Request) -> web.Response:
        cloud = request.match_info["cloud"]
        routes = self._routes.get(cloud)
        if routes is None:
            return json_answer({"error": f"the routes of {cloud!r} are not set here"}, 404)
        route: Route = read_route(request.match_info["name"], json.loads(await request.read()))
        try:
            await self.broker.begin()
        except SandboxError as error:
            return _failed(error)
        routes.put(route)
        return json_answer(route.to_json())

    async def _delete(self, request: web.Request) -> web.Response:
        routes = self._routes.get(request.match_info["cloud"])
        found = routes.delete(request.match_info["name"]) if routes else None
        return json_answer({}, 200 if found else 404)


def read_messages(body: bytes, received: datetime) -> list[Message]:
    """Read a request of the broker: a list of topic, client and payload (base64). Raises: ValueError."""
    try:
        return [
            Message(str(one["topic"]), base64.b64decode(one["payload"], validate=True), str(one["client"]), received)
            for one in json.loads(body)
        ]
    except (KeyError, TypeError):
        raise ValueError("messages are a list of objects with topic, client and payload") from None


def _failed(error: SandboxError) -> web.Response:
    return json_answer({"error": {"resource": error.resource, "cause": error.cause, "remedy": error.remedy}}, 500)
