"""Copies within the service by rewrites, which take several calls if the storage class changes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from l3kit.sandbox.gcp.storage.answers import Refusal, invalid, json_answer
from l3kit.sandbox.gcp.storage.calls import Call
from l3kit.sandbox.gcp.storage.conditions import Conditions
from l3kit.sandbox.gcp.storage.objects import EDITABLE, StoredObject, checked_class, checked_fields, checked_name
from l3kit.sandbox.gcp.storage.storage import NewObject, Storage

MIB = 1024 * 1024


@dataclass(frozen=True)
class _Place:
    bucket: str
    name: str


@dataclass
class _Progress:
    """A rewrite in progress; all of its calls must name the same version and destination."""

    source: tuple[str, str, int]
    destination: _Place
    done_bytes: int = 0


class Copies:
    """The call rewriteTo. `rewrite_bytes`: bytes copied by one call of a rewrite into another class."""

    def __init__(self, storage: Storage, rewrite_bytes: int) -> None:
        self._storage = storage
        self._rewrite_bytes = rewrite_bytes
        self._rewrites: dict[str, _Progress] = {}

    async def rewrite(self, call: Call, source: tuple[str, str], destination: tuple[str, str]) -> web.StreamResponse:
        """Carry out one call of a rewrite; conditions are checked in each. Raises: Refusal."""
        origin, new = self._prepare(call, await call.content(), source, destination)
        size = origin.body.size
        self._check_conditions(new)
        limit = call.number("maxBytesRewrittenPerCall") or self._rewrite_bytes
        if limit < MIB or limit % MIB:
            raise invalid("maxBytesRewrittenPerCall must be a multiple of 1 MiB", "maxBytesRewrittenPerCall")
        # Without a change of class the content is not moved, and one call suffices.
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

    def _prepare(
        self, call: Call, resource: Mapping[str, Any], source: tuple[str, str], destination: tuple[str, str]
    ) -> tuple[StoredObject, NewObject]:
        held, target = self._storage.bucket(source[0]), self._storage.bucket(destination[0])
        call.access.to_object("storage.objects.get", held, source[1])
        call.access.to_put(target, destination[1])
        origin = held.live(source[1], call.number("sourceGeneration"))
        Conditions.of(call, "Source").check(origin)
        # The source's fields are copied only if the request gives none.
        named = any(resource.get(name) is not None for name in (*EDITABLE, "storageClass"))
        storage_class = checked_class(resource["storageClass"]) if resource.get("storageClass") else None
        given = checked_fields(resource)
        fields = given if named else origin.fields
        return origin, NewObject(
            destination[0], checked_name(destination[1]), fields, storage_class, Conditions.of(call)
        )

    def _copy(self, origin: StoredObject, new: NewObject) -> StoredObject:
        return self._storage.put(new, self._storage.bodies.linked(origin.body))

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
