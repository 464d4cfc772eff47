"""Objects that AWS's own services write into buckets, each with the role assigned for that."""

from __future__ import annotations

from urllib.parse import quote

import aiohttp

from l3kit.sandbox.aws.upstream import AwsUpstream, authorization


class ServiceObjects:
    """Puts of JSON objects, whose permission the caller has checked."""

    def __init__(self, moto: AwsUpstream) -> None:
        self._moto = moto

    async def put(self, bucket: str, key: str, body: bytes) -> str:
        """Store an object. Returns: why it was not stored, or ""."""
        headers = {"Authorization": authorization("s3"), "Content-Type": "application/json"}
        try:
            answer = await self._moto.ask("PUT", f"/{bucket}/{quote(key)}", headers=headers, body=body)
        except (aiohttp.ClientError, OSError) as error:
            return f"S3 gave no answer ({type(error).__name__})"
        return "" if answer.status == 200 else f"bucket {bucket} answered {answer.status}"
