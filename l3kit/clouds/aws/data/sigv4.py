"""AWS Signature Version 4, with the day's signing key cached.

Source: AWS General Reference, "Signature Version 4 signing process". A property test compares every signature with
botocore's own signer.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from l3kit.clouds.aws.data.credentials import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"


def quote_path(path: str) -> str:
    """Encode an S3 key for URL and signature: UTF-8, percent-encoded once, slashes kept."""
    return quote(path, safe="/-_.~")


def quote_query(parameters: Sequence[tuple[str, str]]) -> str:
    """Build the canonical query string: encoded, then sorted."""
    encoded = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in parameters)
    return "&".join(f"{name}={value}" for name, value in encoded)


class Signer:
    """Signs requests to one service in one region."""

    def __init__(self, service: str, region: str) -> None:
        self._service = service
        self._region = region
        self._key: tuple[str, str, bytes] = ("", "", b"")

    def sign(
        self,
        credentials: Credentials,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        payload_sha256: str,
        now: datetime,
    ) -> dict[str, str]:
        """Return the headers to send: the given ones (lower-case names, including `host`) and the signature's.

        Args:
            path, query: encoded as in the URL.
            payload_sha256: hex digest of the body.
            now: UTC.
        """
        stamp = now.isoformat()[:19].replace("-", "").replace(":", "") + "Z"  # strftime takes five times as long
        scope = f"{stamp[:8]}/{self._region}/{self._service}/aws4_request"
        signed = {**headers, "x-amz-date": stamp}
        if credentials.session_token:
            signed["x-amz-security-token"] = credentials.session_token
        if self._service == "s3":
            signed["x-amz-content-sha256"] = payload_sha256
        names = sorted(signed)
        canonical_headers = "".join(f"{name}:{' '.join(signed[name].split())}\n" for name in names)
        signed_names = ";".join(names)
        if self._service != "s3" and path != "/":
            path = quote(path, safe="/-_.~")  # every service but S3 encodes the path of the URL once more
        canonical = f"{method}\n{path}\n{query}\n{canonical_headers}\n{signed_names}\n{payload_sha256}"
        text = f"{ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = self._signing_key(credentials, stamp[:8])
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        signed["authorization"] = (
            f"{ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={signed_names}, "
            f"Signature={signature}"
        )
        return signed

    def _signing_key(self, credentials: Credentials, day: str) -> bytes:
        if self._key[:2] != (credentials.access_key, day):
            key = b"AWS4" + credentials.secret_key.encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key = (credentials.access_key, day, key)
        return self._key[2]
