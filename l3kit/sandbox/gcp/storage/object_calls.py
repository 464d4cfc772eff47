"""Calls on objects: list, get, read, delete."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from l3kit.sandbox.gcp.storage.answers import json_answer
from l3kit.sandbox.gcp.storage.calls import Call
from l3kit.sandbox.gcp.storage.conditions import Conditions
from l3kit.sandbox.gcp.storage.downloads import send_content
from l3kit.sandbox.gcp.storage.listing import Listing
from l3kit.sandbox.gcp.storage.objects import StoredObject
from l3kit.sandbox.gcp.storage.storage import Storage

_GET = "storage.objects.get"


class ObjectCalls:
    """Calls on live objects that do not change their content."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def list(self, call: Call, bucket: str) -> web.StreamResponse:
        found = self._storage.bucket(bucket)
        call.access.to_bucket("storage.objects.list", found)
        content: dict[str, Any] = {"kind": "storage#objects"}
        if call.query.get("softDeleted", "").lower() == "true":
            kept = found.kept(self._storage.clock())
            names, token = Listing.of(call).page(sorted({one.stored.name for one in kept}))
            page = set(names)
            items = [one.resource(call.base) for one in kept if one.stored.name in page]
        else:
            names, token = Listing.of(call).page(found.names)
            items = [found.objects[name].resource(call.base) for name in names]
        if items:
            content["items"] = items
        if token:
            content["nextPageToken"] = token
        return json_answer(content)

    async def get(self, call: Call, bucket: str, name: str) -> web.StreamResponse:
        stored = self._wanted(call, bucket, name, _GET)
        return json_answer(stored.resource(call.base), headers={"ETag": stored.etag})

    async def content(self, call: Call, bucket: str, name: str) -> web.StreamResponse:
        return await send_content(call, self._wanted(call, bucket, name, _GET))

    async def delete(self, call: Call, bucket: str, name: str) -> web.StreamResponse:
        self._storage.remove(self._wanted(call, bucket, name, "storage.objects.delete"))
        return web.Response(status=204)

    def _wanted(self, call: Call, bucket: str, name: str, permission: str) -> StoredObject:
        """The live object, after checking the sender's permission and the request's conditions. Raises: Refusal."""
        found = self._storage.bucket(bucket)
        call.access.to_object(permission, found, name)
        if permission == _GET and name not in found.objects:  # only who may list learns that it is missing
            call.access.to_bucket("storage.objects.list", found)
        stored = found.live(name, call.number("generation"))
        Conditions.of(call).check(stored)
        return stored
