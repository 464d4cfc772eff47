"""Versions of objects in S3: listed and deleted one by one. A bucket without versioning has one of each, `null`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from l3kit.clouds.aws.data.client import AwsClient, Call
from l3kit.tiering.ports import ObjectVersion


async def list_versions(client: AwsClient, bucket: str, root: str, prefix: str) -> AsyncIterator[ObjectVersion]:
    """Cost: one request per 1,000 versions. `root`: of the bucket's path."""
    start: list[tuple[str, str]] = []
    while True:
        query = [("versions", ""), ("encoding-type", "url"), ("prefix", prefix), *start]
        answer = await client.call(Call("list_versions", f"bucket {bucket}", "GET", root + "/", query=query))
        content = ElementTree.fromstring(answer.body)
        encoded = content.findtext("{*}EncodingType") == "url"
        for entry in content:
            if entry.tag.rpartition("}")[2] in ("Version", "DeleteMarker"):
                yield _version(entry, encoded)
        key, version = content.findtext("{*}NextKeyMarker"), content.findtext("{*}NextVersionIdMarker")
        if content.findtext("{*}IsTruncated") != "true" or not key:
            return
        start = [("key-marker", _key(key, encoded)), *([("version-id-marker", version)] if version else [])]


def _key(text: str, encoded: bool) -> str:
    """A key as S3 returns it; the answer says whether it is encoded."""
    return unquote_plus(text) if encoded else text


def _version(entry: ElementTree.Element, encoded: bool) -> ObjectVersion:
    return ObjectVersion(
        _key(entry.findtext("{*}Key") or "", encoded),
        entry.findtext("{*}VersionId") or "null",
        int(entry.findtext("{*}Size") or 0),
        (entry.findtext("{*}ETag") or "").strip('"'),
        datetime.fromisoformat(entry.findtext("{*}LastModified") or "1970-01-01T00:00:00+00:00"),
        entry.findtext("{*}IsLatest") == "true",
    )
