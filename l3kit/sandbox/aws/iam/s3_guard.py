"""S3 checks beyond one permission per request: batch deletes, KMS keys, tags, and hiding missing objects."""

from __future__ import annotations

from urllib.parse import quote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from aiohttp import web

from l3kit.sandbox.aws.account import REGION
from l3kit.sandbox.aws.error_answers import s3_error
from l3kit.sandbox.aws.iam import refusals
from l3kit.sandbox.aws.iam.calls import s3
from l3kit.sandbox.aws.iam.calls.request import Call
from l3kit.sandbox.aws.iam.enforcement import AccessRequest, Enforcement, Handler, body_of
from l3kit.sandbox.aws.iam.evaluation import Need
from l3kit.sandbox.aws.iam.keys import Keys
from l3kit.sandbox.aws.upstream import AwsUpstream, authorization
from l3kit.sandbox.upstream import Answer

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class S3Guard:
    """Service-specific checks of S3."""

    def __init__(self, enforcement: Enforcement, keys: Keys, moto: AwsUpstream) -> None:
        self._enforcement = enforcement
        self._keys = keys
        self._moto = moto

    async def __call__(self, access: AccessRequest, handler: Handler) -> web.StreamResponse:
        call = access.call
        if s3.is_batch_delete(call):
            return await self._delete_batch(access, handler)
        refusal = await self._enforcement.refusal(access, await self._of_keys(call))
        refusal = refusal or await self._hidden(access)
        if refusal is not None:
            return refusal
        answer = await handler(access.request)
        bucket, key = s3.place(call)
        if call.method in ("PUT", "DELETE") and not key:
            self._keys.note_bucket(bucket)
        return answer

    async def missing_bucket(self, access: AccessRequest) -> web.Response | None:
        """Answer that the bucket is missing, which S3 discloses to every caller."""
        bucket, _ = s3.place(access.call)
        if not bucket or await self._has(bucket):
            return None
        if access.call.method == "PUT" and not access.call.query and not s3.place(access.call)[1]:
            return None  # CreateBucket
        return s3_error(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=bucket)

    async def _has(self, bucket: str) -> bool:
        head = await self._moto.ask("HEAD", f"/{quote(bucket)}", headers={"Authorization": authorization("s3")})
        return head.status != 404

    async def _hidden(self, access: AccessRequest) -> web.Response | None:
        """Refusal that hides a missing object from a caller without permission to list the bucket."""
        call = access.call
        bucket, key, version = s3.copy_source(call)
        if not bucket and call.method in ("GET", "HEAD"):
            (bucket, key), version = s3.place(call), call.query.get("versionId") or ""
        if not key or "uploadId" in call.query:
            return None
        refusal = await self._enforcement.refusal(access, [call.need("s3:ListBucket", s3.arn(bucket))])
        if refusal is None or (await self._head(bucket, key, version)).status != 404 or not await self._has(bucket):
            return None
        return refusal

    async def _head(self, bucket: str, key: str, version: str) -> Answer:
        path = f"/{quote(bucket)}/{quote(key)}" + (f"?versionId={quote(version)}" if version else "")
        return await self._moto.ask("HEAD", path, headers={"Authorization": authorization("s3")})

    async def _of_keys(self, call: Call) -> list[Need]:
        """Permissions on the KMS keys that S3 uses for the caller."""
        bucket, key = s3.place(call)
        if not key:
            return []
        found: list[tuple[str, str]] = []
        source, source_key, _ = s3.copy_source(call)
        if source:
            found.append(("Decrypt", await self._keys.of_object(source, source_key)))
        if call.method == "GET":
            found.append(("Decrypt", await self._keys.of_object(bucket, key)))
        if call.method == "HEAD" and call.headers.get("x-amz-checksum-mode"):
            found.append(("Decrypt", await self._keys.of_object(bucket, key)))
        if _writes(call):
            used = await self._keys.of_write(bucket, call.headers)
            found.append(("GenerateDataKey", used))
            if "uploadId" in call.query:  # completing an upload reads its parts
                found.append(("Decrypt", used))
        via = f"s3.{REGION}.amazonaws.com"
        return [call.need(f"kms:{action}", arn, kms__ViaService=via) for action, arn in found if arn]

    async def _delete_batch(self, access: AccessRequest, handler: Handler) -> web.StreamResponse:
        """Carry out DeleteObjects: refused keys become errors in the answer, the others are deleted."""
        bucket, _ = s3.place(access.call)
        body = await body_of(access.request)
        try:
            root = ElementTree.fromstring(body)
        except ElementTree.ParseError:
            return await handler(access.request)
        errors: list[str] = []
        left: list[str] = []
        for entry in root.findall("{*}Object"):
            key, version = entry.findtext("{*}Key") or "", entry.findtext("{*}VersionId") or ""
            need = s3.delete_need(access.call, bucket, key, version)
            decision = await self._enforcement.decide(access.identity, need)
            if decision.allowed:
                left.append(_entry(key, version))
            else:
                text = refusals.message(access.principal, need, decision, quoted=True)
                errors.append(_error(key, version, text))
        if not errors:
            return await handler(access.request)
        if not left:
            head = '<?xml version="1.0" encoding="UTF-8"?>'
            text = f'{head}<DeleteResult xmlns="{_NAMESPACE}">{"".join(errors)}</DeleteResult>'
            return web.Response(body=text.encode(), content_type="application/xml")
        quiet = f"<Quiet>{root.findtext('{*}Quiet') or 'false'}</Quiet>"
        body = f'<Delete xmlns="{_NAMESPACE}">{"".join(left)}{quiet}</Delete>'.encode()
        return await self._delete_rest(access, body, errors)

    async def _delete_rest(self, access: AccessRequest, body: bytes, errors: list[str]) -> web.Response:
        headers = {"Authorization": authorization("s3"), "Content-Type": "application/xml"}
        answer = await self._moto.ask("POST", access.request.raw_path, headers=headers, body=body)
        text = answer.body.decode()
        before, end, after = text.rpartition("</DeleteResult>")
        return answer.to_response((before + "".join(errors) + end + after).encode())


def _writes(call: Call) -> bool:
    return call.method == "PUT" or (call.method == "POST" and bool(call.query.keys() & {"uploads", "uploadId"}))


def _entry(key: str, version: str) -> str:
    version_element = f"<VersionId>{escape(version)}</VersionId>" if version else ""
    return f"<Object><Key>{escape(key)}</Key>{version_element}</Object>"


def _error(key: str, version: str, text: str) -> str:
    version_element = f"<VersionId>{escape(version)}</VersionId>" if version else ""
    return (
        f"<Error><Key>{escape(key)}</Key>{version_element}<Code>AccessDenied</Code>"
        f"<Message>{escape(text)}</Message></Error>"
    )
