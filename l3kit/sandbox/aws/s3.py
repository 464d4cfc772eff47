"""S3 in front of moto, adding checks that moto lacks: digests, conditions and atomic creates."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import tempfile
import weakref
from collections.abc import AsyncIterator
from typing import IO
from urllib.parse import unquote

from aiohttp import web

from l3kit.sandbox.aws.bucket_policies import BucketPolicies
from l3kit.sandbox.aws.error_answers import s3_error
from l3kit.sandbox.aws.upstream import AwsUpstream, authorization
from l3kit.sandbox.upstream import BLOCK_BYTES, BODY

SPOOL_BYTES = 16 * 1024 * 1024
_CHECKED = {"x-amz-checksum-sha256": "sha256", "x-amz-checksum-sha1": "sha1", "Content-MD5": "md5"}


class S3:
    """S3 with sequential writes to each key, so that a conditional create is atomic as on S3."""

    def __init__(self, moto: AwsUpstream, policies: BucketPolicies) -> None:
        self._moto = moto
        self._policies = policies
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        bucket, _, key = request.path.lstrip("/").partition("/")
        if bucket and not key and "policy" in request.query:
            return await self._policies.handle(request, bucket)
        if request.method == "DELETE" and not key and not request.query:
            answer = await self._moto.forward(request)
            if answer.status < 300:
                self._policies.forget(bucket)
            return answer
        if request.method not in ("PUT", "DELETE", "POST") or not key:
            return await self._moto.forward(request)
        with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as spool:
            refusal = await _spool_body(request, spool)  # before the lock, as a body may never end
            if refusal is not None:
                return refusal
            if request.method == "PUT" and "partNumber" in request.query:
                return await self._pass_on(request, spool)
            async with self._locks.setdefault(request.path, asyncio.Lock()):
                refusal = await self._precondition(request) or await self._source_condition(request)
                return refusal or await self._pass_on(request, spool)

    async def _precondition(self, request: web.Request) -> web.Response | None:
        """Check conditions that moto ignores: on DELETE, on CopyObject, and values that S3 does not implement."""
        if_match, if_none = request.headers.get("If-Match"), request.headers.get("If-None-Match")
        copies = request.method == "PUT" and "x-amz-copy-source" in request.headers
        bucket = request.path.lstrip("/").partition("/")[0]
        # User guide, "Enforce conditional writes": a copy fails if the bucket's policy requires conditional writes.
        refused_copy = copies and (if_match or if_none) and self._policies.requires_write_conditions(bucket)
        if refused_copy or (if_none is not None and if_none.strip() != "*"):
            return s3_error(
                501, "NotImplemented", "A header you provided implies functionality that is not implemented"
            )
        if not (copies or request.method == "DELETE") or (if_match is None and if_none is None):
            return None
        head = await self._moto.ask(
            "HEAD", request.raw_path.split("?")[0], headers={"Authorization": authorization("s3")}
        )
        exists = head.status == 200
        if if_none is not None and exists:
            return _precondition_failed("If-None-Match")
        if if_match is None:
            return None
        if not exists:
            # S3 answers a conditional delete of a missing key with success, a conditional write with 404.
            if request.method == "DELETE":
                return None
            return s3_error(404, "NoSuchKey", "The specified key does not exist.", Key=unquote(request.path))
        if if_match.strip() != "*" and if_match.strip('" ') != head.headers.get("ETag", "").strip('"'):
            return _precondition_failed("If-Match")
        return None

    async def _source_condition(self, request: web.Request) -> web.Response | None:
        """Check CopyObject's `x-amz-copy-source-if-match`, which moto ignores."""
        wanted = request.headers.get("x-amz-copy-source-if-match")
        if request.method != "PUT" or wanted is None:
            return None
        source = "/" + request.headers.get("x-amz-copy-source", "").lstrip("/")
        head = await self._moto.ask("HEAD", source, headers={"Authorization": authorization("s3")})
        if head.status == 200 and wanted.strip('" ') != head.headers.get("ETag", "").strip('"'):
            return _precondition_failed("x-amz-copy-source-If-Match")
        return None

    async def _pass_on(self, request: web.Request, spool: IO[bytes]) -> web.StreamResponse:
        """Forward the request with its spooled body."""
        size = spool.tell()
        spool.seek(0)
        extra = _algorithm_header(request) if _stated_digests(request) else {}
        if size <= SPOOL_BYTES:
            body = spool.read() if request.body_exists or BODY in request else None
            return await self._moto.forward(request, body=body, extra_headers=extra)
        extra["Content-Length"] = str(size)
        return await self._moto.forward(request, body=_blocks(spool), extra_headers=extra)


async def _spool_body(request: web.Request, spool: IO[bytes]) -> web.Response | None:
    """Read a request's body; return a refusal if it does not match its digests."""
    promised = _stated_digests(request)
    digests = {name: hashlib.new(_CHECKED[name], usedforsecurity=False) for name in promised}
    async for block in _content(request):
        for digest in digests.values():
            digest.update(block)
        spool.write(block)
    for name, digest in digests.items():
        if base64.b64encode(digest.digest()).decode() != promised[name].strip():
            return s3_error(400, "BadDigest", f"The {_readable(name)} you specified did not match what we received.")
    return None


def _stated_digests(request: web.Request) -> dict[str, str]:
    """The digests of a PUT's raw body, from its headers."""
    if request.method != "PUT" or _is_aws_chunked(request):
        return {}
    return {name: request.headers[name] for name in _CHECKED if name in request.headers}


async def _content(request: web.Request) -> AsyncIterator[bytes]:
    if BODY in request:
        yield request[BODY]
        return
    async for block in request.content.iter_chunked(BLOCK_BYTES):
        yield block


async def _blocks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        yield block


def _is_aws_chunked(request: web.Request) -> bool:
    return request.headers.get("x-amz-content-sha256", "").startswith("STREAMING-")


def _algorithm_header(request: web.Request) -> dict[str, str]:
    """Header naming the checksum's algorithm, which moto requires for storing it and S3 does not."""
    if "x-amz-sdk-checksum-algorithm" in request.headers:
        return {}
    for name in ("sha256", "sha1"):
        if f"x-amz-checksum-{name}" in request.headers:
            return {"x-amz-sdk-checksum-algorithm": name.upper()}
    return {}


def _readable(header: str) -> str:
    return header if header == "Content-MD5" else header.removeprefix("x-amz-checksum-").upper()


def _precondition_failed(condition: str) -> web.Response:
    return s3_error(
        412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", Condition=condition
    )
