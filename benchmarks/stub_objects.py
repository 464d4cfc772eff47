"""The stub's S3: conditional PUT with verified digests, HEAD, GET, LIST, DELETE; path style, in memory."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

LIST_PAGE = 1000
MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT"
_KEPT = ("content-type", "content-encoding", "x-amz-storage-class")


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, header lines (without content-length) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    length: int | None = None
    """Content-Length if it differs from the body's (HEAD)."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    body: bytes
    headers: Mapping[str, str]


class Objects:
    """All buckets: an object's name is `bucket/key`. Buckets exist implicitly."""

    def __init__(self) -> None:
        self.stored: dict[str, StoredObject] = {}

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        url = urlsplit(target)
        name = unquote(url.path).lstrip("/")
        if method == "PUT" and not url.query.startswith("uploads"):
            return self._put(name, headers, body)
        if method == "GET" and "/" not in name.rstrip("/"):
            return self._list(name.rstrip("/"), parse_qs(url.query))
        if method == "DELETE":
            self.stored.pop(name, None)
            return Answer(204, {})
        found = self.stored.get(name)
        if found is None:
            return error(404, "NoSuchKey")
        if method == "HEAD":
            return Answer(200, found.headers, length=len(found.body))
        return Answer(200, found.headers, found.body) if method == "GET" else error(501, "NotImplemented")

    def _put(self, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if "aws-chunked" in headers.get("content-encoding", ""):
            body = _unchunked(body)
        if not _digests_fit(headers, body):
            return error(400, "BadDigest")
        if headers.get("if-none-match") == "*" and name in self.stored:
            return error(412, "PreconditionFailed")
        kept = {key: value for key, value in headers.items() if key in _KEPT or key.startswith("x-amz-meta-")}
        kept |= {"etag": f'"{hashlib.md5(body).hexdigest()}"', "last-modified": MODIFIED}
        self.stored[name] = StoredObject(body, kept)
        sums = {key: value for key, value in headers.items() if key.startswith("x-amz-checksum-")}
        return Answer(200, {"etag": kept["etag"], **sums})

    def _list(self, bucket: str, query: Mapping[str, list[str]]) -> Answer:
        prefix = query.get("prefix", [""])[0]
        after = query.get("continuation-token", query.get("start-after", [""]))[0]
        start = f"{bucket}/"
        keys = sorted(name[len(start) :] for name in self.stored if name.startswith(start + prefix))
        page = [key for key in keys if key > after][: LIST_PAGE + 1]
        more = len(page) > LIST_PAGE
        page = page[:LIST_PAGE]
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>{escape(self.stored[start + key].headers['etag'])}</ETag>"
            f"<Size>{len(self.stored[start + key].body)}</Size><StorageClass>STANDARD_IA</StorageClass></Contents>"
            for key in page
        )
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        text = (
            '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{bucket}</Name><KeyCount>{len(page)}</KeyCount><IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{token}{entries}</ListBucketResult>"
        )
        return Answer(200, {"content-type": "application/xml"}, text.encode())


def error(status: int, code: str) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return Answer(status, {"content-type": "application/xml"}, text.encode())


def _digests_fit(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the body matches the client's digests; S3 refuses a body that does not."""
    payload = headers.get("x-amz-content-sha256", "")
    if len(payload) == 64 and hashlib.sha256(body).hexdigest() != payload:
        return False
    expected = headers.get("x-amz-checksum-sha256")
    return expected is None or base64.b64encode(hashlib.sha256(body).digest()).decode() == expected


def _unchunked(body: bytes) -> bytes:
    parts: list[bytes] = []
    start = 0
    while True:
        end = body.index(b"\r\n", start)
        size = int(body[start:end].split(b";")[0], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(body[end + 2 : end + 2 + size])
        start = end + 2 + size + 2
