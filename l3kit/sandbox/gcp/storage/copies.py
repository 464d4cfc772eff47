"""Copies within the service: rewrite (in several calls where the class changes), copy, compose."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from l3kit.sandbox.gcp.storage.answers import Refusal, invalid, json_answer, required
from l3kit.sandbox.gcp.storage.calls import Call, whole_number
from l3kit.sandbox.gcp.storage.conditions import Conditions
from l3kit.sandbox.gcp.storage.objects import EDITABLE, StoredObject, checked_class, checked_fields, checked_name
from l3kit.sandbox.gcp.storage.storage import NewObject, Storage

MAX_COMPONENTS = 32
MIB = 1024 * 1024


@dataclass(frozen=True)
class _Place:
    bucket: str
    name: str


@dataclass
class _Progress:
    """A rewrite that takes several calls; they must all name the same version and destination."""

    source: tuple[str, str, int]
    destination: _Place
    done_bytes: int = 0


class Copies:
    """rewriteTo, copyTo and compose. `rewrite_bytes`: what one call of a rewrite into another class copies."""

    def __init__(self, storage: Storage, rewrite_bytes: int) -> None:
        self._storage = storage
        self._rewrite_bytes = rewrite_bytes
        self._rewrites: dict[str, _Progress] = {}

    async def rewrite(self, call: Call, source: tuple[str, str], destination: tuple[str, str]) -> web.StreamResponse:
        """Conditions are looked at in each call. Raises: Refusal."""
        origin, new = self._prepare(call, await call.content(), source, destination)
        size = origin.body.size
        self._check_conditions(new)
        limit = call.number("maxBytesRewrittenPerCall") or self._rewrite_bytes
        if limit < MIB or limit % MIB:
            raise invalid("maxBytesRewrittenPerCall must be a multiple of 1 MiB", "maxBytesRewrittenPerCall")
        # Where the class stays the content need not move: one call does it.
        moved = size if self._class_of(new) == origin.storage_class else limit
        token, progress = self._progress(call, origin, _Place(*destination))
        progress.done_bytes = min(size, progress.done_bytes + moved)
        done = progress.done_bytes == size
        content: dict[str, Any] = {
            "kind": "storage#rewriteResponse",
            "totalBytesRewritten": str(progress.done_bytes),
            "objectSize": str(size),
            "done": done,
        }
        if done:
            self._rewrites.pop(token, None)
            content["resource"] = self._copy(origin, new).resource(call.base)
        else:
            self._rewrites[token] = progress
            content["rewriteToken"] = token
        return json_answer(content)

    async def copy(self, call: Call, source: tuple[str, str], destination: tuple[str, str]) -> web.StreamResponse:
        origin, new = self._prepare(call, await call.content(), source, destination)
        return json_answer(self._copy(origin, new).resource(call.base))

    async def compose(self, call: Call, bucket: str, name: str) -> web.StreamResponse:
        """Objects of one bucket joined into a new one. Raises: Refusal."""
        content = await call.content()
        found = self._storage.bucket(bucket)
        entries = content.get("sourceObjects")
        if not isinstance(entries, list) or not entries:
            raise required("sourceObjects")
        if len(entries) > MAX_COMPONENTS:
            raise invalid(f"The number of source components provided ({len(entries)}) exceeds the maximum (32)")
        if content.get("deleteSourceObjects"):
            raise invalid("The l3kit sandbox's compose does not delete its sources", "deleteSourceObjects")
        sources = [self._component(bucket, entry) for entry in entries]
        resource = content.get("destination") or {}
        new = NewObject(
            found.name,
            checked_name(name),
            checked_fields(resource),
            checked_class(resource["storageClass"]) if resource.get("storageClass") else None,
            Conditions.of(call),
        )
        body = self._storage.bodies.joined([source.body for source in sources])
        stored = self._storage.put(new, body, sum(source.components or 1 for source in sources))
        return json_answer(stored.resource(call.base))

    def _prepare(
        self, call: Call, resource: Mapping[str, Any], source: tuple[str, str], destination: tuple[str, str]
    ) -> tuple[StoredObject, NewObject]:
        origin = self._storage.bucket(source[0]).live(source[1], call.number("sourceGeneration"))
        Conditions.of(call, "Source").check(origin)
        self._storage.bucket(destination[0])
        # Whoever names any field names all: the source's are copied only where none is given.
        named = any(resource.get(name) is not None for name in (*EDITABLE, "storageClass"))
        storage_class = checked_class(resource["storageClass"]) if resource.get("storageClass") else None
        fields = checked_fields(resource) if named else origin.fields
        return origin, NewObject(
            destination[0], checked_name(destination[1]), fields, storage_class, Conditions.of(call)
        )

    def _copy(self, origin: StoredObject, new: NewObject) -> StoredObject:
        return self._storage.put(new, self._storage.bodies.linked(origin.body), origin.components)

    def _check_conditions(self, new: NewObject) -> None:
        new.conditions.check(self._storage.bucket(new.bucket).objects.get(new.name))

    def _class_of(self, new: NewObject) -> str:
        return new.storage_class or self._storage.bucket(new.bucket).storage_class

    def _progress(self, call: Call, origin: StoredObject, destination: _Place) -> tuple[str, _Progress]:
        source = (origin.bucket, origin.name, origin.generation)
        token = call.query.get("rewriteToken")
        if token is None:
            return uuid.uuid4().hex, _Progress(source, destination)
        known = self._rewrites.get(token)
        if known is None or (known.source, known.destination) != (source, destination):
            raise Refusal(400, "invalid", "Invalid rewrite token", location=("parameter", "rewriteToken"))
        return token, known

    def _component(self, bucket: str, entry: Mapping[str, Any]) -> StoredObject:
        generation = entry.get("generation")
        wanted = None if generation is None else whole_number(generation, "sourceObjects.generation")
        found = self._storage.bucket(bucket).live(checked_name(entry.get("name")), wanted)
        demanded = (entry.get("objectPreconditions") or {}).get("ifGenerationMatch")
        if demanded is not None:
            Conditions(whole_number(demanded, "ifGenerationMatch")).check(found)
        return found
