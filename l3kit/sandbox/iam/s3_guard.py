"""S3 beyond one permission per request: keys of a batch, keys that encrypt, and what a missing object is told as."""

from __future__ import annotations

from urllib.parse import quote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from aiohttp import web

from l3kit.sandbox.iam import refusals
from l3kit.sandbox.iam.calls import s3
from l3kit.sandbox.iam.calls.request import Call
from l3kit.sandbox.iam.enforcement import Case, Enforcement, Handler, body_of
from l3kit.sandbox.iam.evaluation import Need
from l3kit.sandbox.iam.keys import Keys
from l3kit.sandbox.state import REGION
from l3kit.sandbox.upstream import Upstream, authorization

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class S3Guard:
    """Around every request of S3 that its own permissions let through."""

    def __init__(self, enforcement: Enforcement, keys: Keys, moto: Upstream) -> None:
        self._enforcement = enforcement
        self._keys = keys
        self._moto = moto

    async def __call__(self, case: Case, handler: Handler) -> web.StreamResponse:
        call = case.call
        if s3.is_batch_delete(call):
            return await self._delete_batch(case, handler)
        needs = [*await self._tags_of_source(call), *await self._of_keys(call)]
        refusal = await self._enforcement.refusal(case, needs)
        if refusal is not None:
            return refusal
        answer = await handler(case.request)
        bucket, key = s3.place(call)
        if call.method in ("PUT", "DELETE") and not key:
            self._keys.note_bucket(bucket)
        reads = call.method in ("GET", "HEAD") or "x-amz-copy-source" in call.headers
        if answer.status == 404 and key and reads:
            return await self._missing(case, answer)
        return answer

    async def _missing(self, case: Case, answer: web.StreamResponse) -> web.StreamResponse:
        """Who may not list the bucket is not told that an object is missing."""
        bucket = s3.copy_source(case.call)[0] or s3.place(case.call)[0]
        there = await self._moto.ask("HEAD", f"/{quote(bucket)}", headers={"Authorization": authorization("s3")})
        if there.status == 404:
            return answer
        need = case.call.need("s3:ListBucket", s3.arn(bucket))
        refusal = await self._enforcement.refusal(case, [need])
        return refusal or answer

    async def _tags_of_source(self, call: Call) -> list[Need]:
        """A copy takes the source's tags along, which is a permission of its own on both sides."""
        bucket, key, version = s3.copy_source(call)
        if not bucket or "partNumber" in call.query or call.headers.get("x-amz-tagging-directive") == "REPLACE":
            return []
        path = f"/{quote(bucket)}/{quote(key)}" + (f"?versionId={quote(version)}" if version else "")
        head = await self._moto.ask("HEAD", path, headers={"Authorization": authorization("s3")})
        if not int(head.headers.get("x-amz-tagging-count", "0")):
            return []
        read = "s3:GetObjectVersionTagging" if version else "s3:GetObjectTagging"
        target = s3.arn(*s3.place(call))
        return [call.need(read, s3.arn(bucket, key)), call.need("s3:PutObjectTagging", target)]

    async def _of_keys(self, call: Call) -> list[Need]:
        """What the caller needs of the KMS keys that S3 uses on its behalf."""
        bucket, key = s3.place(call)
        if not key:
            return []
        found: list[tuple[str, str]] = []
        source, source_key, _ = s3.copy_source(call)
        if source:
            found.append(("Decrypt", await self._keys.of_object(source, source_key)))
        if call.method == "GET" and not call.query.keys() & s3.OBJECT_SETTINGS.keys():
            found.append(("Decrypt", await self._keys.of_object(bucket, key)))
        if call.method == "HEAD" and call.headers.get("x-amz-checksum-mode"):
            found.append(("Decrypt", await self._keys.of_object(bucket, key)))
        if _writes(call):
            used = await self._keys.of_write(bucket, call.headers)
            found.append(("GenerateDataKey", used))
            if "uploadId" in call.query:  # parts are read again when they are put together
                found.append(("Decrypt", used))
        via = f"s3.{REGION}.amazonaws.com"
        return [call.need(f"kms:{action}", arn, kms__ViaService=via) for action, arn in found if arn]

    async def _delete_batch(self, case: Case, handler: Handler) -> web.StreamResponse:
        """DeleteObjects: refused keys stand in the answer as errors, the others are removed."""
        bucket, _ = s3.place(case.call)
        body = await body_of(case.request)
        try:
            root = ElementTree.fromstring(body)
        except ElementTree.ParseError:
            return await handler(case.request)
        errors = []
        for entry in root.findall("{*}Object"):
            key, version = entry.findtext("{*}Key") or "", entry.findtext("{*}VersionId") or ""
            need = s3.delete_need(case.call, bucket, key, version)
            decision = await self._enforcement.decide(case.identity, need)
            if not decision.allowed:
                root.remove(entry)
                text = refusals.message(case.principal, need, decision, quoted=True)
                errors.append(_error(key, version, text))
        if not errors:
            return await handler(case.request)
        if root.find("{*}Object") is None:
            head = '<?xml version="1.0" encoding="UTF-8"?>'
            text = f'{head}<DeleteResult xmlns="{_NAMESPACE}">{"".join(errors)}</DeleteResult>'
            return web.Response(body=text.encode(), content_type="application/xml")
        return await self._delete_rest(case, ElementTree.tostring(root), errors)

    async def _delete_rest(self, case: Case, body: bytes, errors: list[str]) -> web.Response:
        headers = {"Authorization": authorization("s3"), "Content-Type": "application/xml"}
        answer = await self._moto.ask("POST", case.request.raw_path, headers=headers, body=body)
        text = answer.body.decode()
        before, end, after = text.rpartition("</DeleteResult>")
        return answer.to_response((before + "".join(errors) + end + after).encode())


def _writes(call: Call) -> bool:
    if call.method == "PUT":
        return not call.query.keys() & s3.OBJECT_SETTINGS.keys()
    return call.method == "POST" and bool(call.query.keys() & {"uploads", "uploadId"})


def _error(key: str, version: str, text: str) -> str:
    version_element = f"<VersionId>{escape(version)}</VersionId>" if version else ""
    return (
        f"<Error><Key>{escape(key)}</Key>{version_element}<Code>AccessDenied</Code>"
        f"<Message>{escape(text)}</Message></Error>"
    )
