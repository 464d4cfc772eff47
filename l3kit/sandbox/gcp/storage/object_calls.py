"""Calls on objects: list, get, read, change, delete."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from l3kit.sandbox.gcp.storage.answers import invalid, json_answer
from l3kit.sandbox.gcp.storage.calls import Call
from l3kit.sandbox.gcp.storage.conditions import Conditions
from l3kit.sandbox.gcp.storage.downloads import send_content
from l3kit.sandbox.gcp.storage.listing import Wanted, list_names
from l3kit.sandbox.gcp.storage.objects import StoredObject, checked_fields, patched_fields
from l3kit.sandbox.gcp.storage.storage import Storage


class ObjectCalls:
    """What is done to live objects without giving them new content."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def list(self, call: Call, bucket: str) -> web.StreamResponse:
        found = self._storage.bucket(bucket)
        page = list_names(found.names, Wanted.of(call))
        content: dict[str, Any] = {"kind": "storage#objects"}
        if page.names:
            content["items"] = [found.objects[name].resource(call.base) for name in page.names]
        if page.prefixes:
            content["prefixes"] = page.prefixes
        if page.token:
            content["nextPageToken"] = page.token
        return json_answer(content)

    async def get(self, call: Call, bucket: str, name: str) -> web.StreamResponse:
        stored = self._wanted(call, bucket, name)
        return json_answer(stored.resource(call.base), headers={"ETag": stored.etag})

    async def content(self, call: Call, bucket: str, name: str) -> web.StreamResponse:
        return await send_content(call, self._wanted(call, bucket, name))

    async def change(self, call: Call, bucket: str, name: str, *, whole: bool) -> web.StreamResponse:
        """PATCH, or PUT where `whole`. The storage class cannot be changed so; that takes a rewrite."""
        content = await call.content()
        stored = self._wanted(call, bucket, name)
        if content.get("storageClass") not in (None, stored.storage_class):
            raise invalid("The storage class of an object is changed by rewriting it", "storageClass")
        fields = checked_fields(content) if whole else patched_fields(stored.fields, content)
        return json_answer(self._storage.change(stored, fields).resource(call.base))

    async def delete(self, call: Call, bucket: str, name: str) -> web.StreamResponse:
        self._storage.remove(self._wanted(call, bucket, name))
        return web.Response(status=204)

    def _wanted(self, call: Call, bucket: str, name: str) -> StoredObject:
        """The live object, if the request's conditions hold for it. Raises: Refusal."""
        stored = self._storage.bucket(bucket).live(name, call.number("generation"))
        Conditions.of(call).check(stored)
        return stored
