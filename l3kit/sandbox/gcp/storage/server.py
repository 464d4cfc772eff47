"""Routes of Cloud Storage's JSON API onto an aiohttp application."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from l3kit.sandbox.gcp.guard import Guard
from l3kit.sandbox.gcp.storage.answers import Refusal, required
from l3kit.sandbox.gcp.storage.bucket_calls import BucketCalls
from l3kit.sandbox.gcp.storage.calls import Call
from l3kit.sandbox.gcp.storage.copies import MIB, Copies
from l3kit.sandbox.gcp.storage.object_calls import ObjectCalls
from l3kit.sandbox.gcp.storage.resumable import Resumable
from l3kit.sandbox.gcp.storage.storage import Storage
from l3kit.sandbox.gcp.storage.uploads import Uploads

API, UPLOAD, DOWNLOAD = "/storage/v1/", "/upload/storage/v1/", "/download/storage/v1/"
Answer = Awaitable[web.StreamResponse]


class GcsServer:
    """Cloud Storage with metadata in memory and contents in files.

    Args:
        folder: for the contents; files left by an earlier server are removed.
        clock: seconds since the epoch.
        rewrite_bytes: bytes copied by each call of a rewrite into another storage class.
        guard: decides who may do what; None admits everybody.

    Attributes:
        storage: the buckets, which the control plane shares.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float] = time.time,
        *,
        rewrite_bytes: int = 256 * MIB,
        guard: Guard | None = None,
    ) -> None:
        self._guard = guard
        self.storage = storage = Storage(folder, clock)
        self._buckets = BucketCalls(storage)
        self._objects = ObjectCalls(storage)
        self._uploads = Uploads(storage)
        self._resumable = Resumable(storage)
        self._copies = Copies(storage, rewrite_bytes)

    def add_routes(self, app: web.Application) -> None:
        """Add routes for the three prefixes."""
        for prefix, route in ((API, self._api), (UPLOAD, self._upload), (DOWNLOAD, self._download)):
            app.router.add_route("*", prefix + "{tail:.*}", self._handler(prefix, route))

    def _api(self, call: Call) -> Answer:
        match call.request.method, *call.segments:
            case method, "b", *rest if len(rest) < 2:
                return self._bucket(call, method, rest[0] if rest else "")
            case "GET", "b", bucket, "o":
                return self._objects.list(call, bucket)
            case method, "b", bucket, "o", name:
                return self._object(call, method, bucket, name)
            case "POST", "b", bucket, "o", name, "rewriteTo", "b", other, "o", new:
                return self._copies.rewrite(call, (bucket, name), (other, new))
        raise _unknown(call)

    def _bucket(self, call: Call, method: str, name: str) -> Answer:
        match method, bool(name):
            case "POST", False:
                return self._buckets.create(call)
            case "GET", True:
                return self._buckets.get(call, name)
            case "PATCH", True:
                return self._buckets.change(call, name)
            case "DELETE", True:
                return self._buckets.delete(call, name)
        raise _unknown(call)

    def _object(self, call: Call, method: str, bucket: str, name: str) -> Answer:
        match method:
            case "GET" if call.query.get("alt") == "media":
                return self._objects.content(call, bucket, name)
            case "GET":
                return self._objects.get(call, bucket, name)
            case "DELETE":
                return self._objects.delete(call, bucket, name)
        raise _unknown(call)

    def _upload(self, call: Call) -> Answer:
        match call.request.method, *call.segments:
            case "POST", "b", bucket, "o":
                match call.query.get("uploadType"):
                    case "media":
                        return self._uploads.media(call, bucket)
                    case "multipart":
                        return self._uploads.multipart(call, bucket)
                    case "resumable":
                        return self._resumable.begin(call, bucket)
                raise required("uploadType")
            case "PUT" | "POST", "b", _, "o" if "upload_id" in call.query:
                return self._resumable.put(call, call.query["upload_id"])
            case "DELETE", "b", _, "o" if "upload_id" in call.query:
                return _at_once(self._resumable.cancel(call.query["upload_id"]))
        raise _unknown(call)

    def _download(self, call: Call) -> Answer:
        match call.request.method, *call.segments:
            case "GET", "b", bucket, "o", name:
                return self._objects.content(call, bucket, name)
        raise _unknown(call)

    def _handler(
        self, prefix: str, route: Callable[[Call], Answer]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            media = prefix == DOWNLOAD or request.query.get("alt") == "media"
            try:
                return await route(Call.of(request, prefix, self._guard))
            except Refusal as refusal:
                return refusal.answer(media=media)

        return handle


async def _at_once(response: web.StreamResponse) -> web.StreamResponse:
    return response


def _unknown(call: Call) -> Refusal:
    return Refusal(404, "notFound", f"The l3kit sandbox does not serve {call.request.method} {call.request.path}")
