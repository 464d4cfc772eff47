"""Calls on buckets: create, get, patch, delete."""

from __future__ import annotations

from aiohttp import web

from l3kit.sandbox.gcp.storage.answers import Refusal, json_answer, required
from l3kit.sandbox.gcp.storage.buckets import Bucket, checked_bucket_fields, checked_bucket_name, patched_bucket_fields
from l3kit.sandbox.gcp.storage.calls import Call
from l3kit.sandbox.gcp.storage.conditions import Conditions
from l3kit.sandbox.gcp.storage.storage import Storage


class BucketCalls:
    """Calls on the buckets of all projects; bucket names are globally unique."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def create(self, call: Call) -> web.StreamResponse:
        project = call.query.get("project")
        if not project:
            raise required("project")
        content = await call.content()
        name = checked_bucket_name(content.get("name"))
        fields = checked_bucket_fields(content)
        call.access.to_project("storage.buckets.create", project)
        taken = self._storage.buckets.get(name)
        if taken is not None:
            raise Refusal(409, "conflict", _taken(taken, project))
        now = self._storage.clock()
        location = str(content.get("location") or "US").upper()
        bucket = Bucket(name, project, location, self._storage.next_generation(), fields, now, now)
        self._storage.buckets[name] = bucket
        return json_answer(bucket.resource(call.base))

    async def get(self, call: Call, name: str) -> web.StreamResponse:
        bucket = self._storage.bucket(name)
        call.access.to_bucket("storage.buckets.get", bucket)
        Conditions.of(call).check(bucket)
        return json_answer(bucket.resource(call.base))

    async def change(self, call: Call, name: str) -> web.StreamResponse:
        content = await call.content()
        bucket = self._storage.bucket(name)
        call.access.to_bucket("storage.buckets.update", bucket)
        Conditions.of(call).check(bucket)
        bucket.change(patched_bucket_fields(bucket.fields, content), self._storage.clock())
        return json_answer(bucket.resource(call.base))

    async def delete(self, call: Call, name: str) -> web.StreamResponse:
        bucket = self._storage.bucket(name)
        call.access.to_bucket("storage.buckets.delete", bucket)
        Conditions.of(call).check(bucket)
        if bucket.objects:
            raise Refusal(409, "conflict", "The bucket you tried to delete is not empty.")
        del self._storage.buckets[name]
        return web.Response(status=204)


def _taken(bucket: Bucket, project: str) -> str:
    if bucket.project == project:
        return "Your previous request to create the named bucket succeeded and you already own it."
    return "The requested bucket name is not available. The bucket namespace is shared by all users of the system."
