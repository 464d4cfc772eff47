"""S3 multipart upload for objects larger than memory, visible only once complete and verified by digest."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping
from xml.etree import ElementTree

from l3kit.clouds.aws.data.client import TAKEN, AwsClient, Call
from l3kit.errors import L3Error, StoreError
from l3kit.tiering.object_writes import check_digest, regrouped

PART_BYTES = 8 * 1024 * 1024
"""S3 requires at least 5 MiB for every part but the last."""


async def upload_parts(
    client: AwsClient,
    where: str,
    path: str,
    headers: Mapping[str, str],
    parts: AsyncIterator[bytes],
    sha256: str | None,
) -> bytes | None:
    """Upload the iterator's bytes, regrouped into parts of 8 MiB.

    Args:
        headers: headers of the object.
        sha256: expected hex digest of the stored bytes; None if unknown.
    Returns: the content if it is smaller than one part (nothing was uploaded), else None: the upload is complete, or
        the key has been created in the meantime.
    Raises: StoreError; the upload is aborted and nothing is visible.
    """
    digest = hashlib.sha256()
    upload_id = ""
    tags: list[tuple[int, str]] = []
    try:
        async for part in regrouped(parts, PART_BYTES):
            digest.update(part)
            if not upload_id:
                if len(part) < PART_BYTES:
                    check_digest(where, digest.hexdigest(), sha256)
                    return part
                upload_id = await _begin(client, where, path, headers)
            tags.append(await _put(client, where, path, upload_id, len(tags) + 1, part))
        check_digest(where, digest.hexdigest(), sha256)
        if not upload_id:
            return b""
        await _complete(client, where, path, upload_id, tags)
    except BaseException:
        if upload_id:
            with contextlib.suppress(L3Error):  # the bucket's lifecycle rule removes the remains
                await client.call(
                    Call(
                        "abort_upload",
                        where,
                        "DELETE",
                        path,
                        query=[("uploadId", upload_id)],
                        expected=frozenset({"404"}),
                    )
                )
        raise
    return None


async def _begin(client: AwsClient, where: str, path: str, headers: Mapping[str, str]) -> str:
    answer = await client.call(Call("create_upload", where, "POST", path, query=[("uploads", "")], headers=headers))
    upload_id = ElementTree.fromstring(answer.body).findtext("{*}UploadId")
    if not upload_id:
        raise StoreError(where, "S3 returned no upload id", "Try again")
    return upload_id


async def _put(client: AwsClient, where: str, path: str, upload_id: str, number: int, part: bytes) -> tuple[int, str]:
    answer = await client.call(
        Call(
            "put_part",
            where,
            "PUT",
            path,
            query=[("partNumber", str(number)), ("uploadId", upload_id)],
            headers={"content-md5": base64.b64encode(hashlib.md5(part).digest()).decode("ascii")},
            body=part,
        )
    )
    return number, answer.headers["etag"]


async def _complete(client: AwsClient, where: str, path: str, upload_id: str, tags: list[tuple[int, str]]) -> None:
    listed = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>" for number, tag in tags)
    body = (
        f'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{listed}</CompleteMultipartUpload>'
    )
    await client.call(
        Call(
            "complete_upload",
            where,
            "POST",
            path,
            query=[("uploadId", upload_id)],
            headers={"if-none-match": "*", "content-type": "application/xml"},
            body=body.encode(),
            # NoSuchUpload: an earlier try completed it and the response was lost; the caller checks the object.
            expected=TAKEN | {"NoSuchUpload"},
        )
    )
