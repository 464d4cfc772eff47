"""Client for moto and dynalite: calls of AWS's JSON protocol besides forwarded requests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from l3kit.clouds.aws.data import odd_text
from l3kit.sandbox.aws.account import ACCESS_KEY, REGION
from l3kit.sandbox.upstream import Answer, Upstream


class AwsUpstream(Upstream):
    """An emulator of AWS behind the gateway."""

    async def call_json(self, service: str, target: str, content: Mapping[str, Any]) -> Answer:
        """Send a JSON-protocol call (`X-Amz-Target`) of the gateway's own."""
        headers = {**_own_headers(service), "X-Amz-Target": target}
        return await self.ask("POST", "/", headers=headers, body=json.dumps(content).encode())

    async def call_many(self, service: str, calls: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Send several calls (`target`, `content`) in one request. Returns: `status` and `content` of each."""
        answer = await self.ask("POST", "/many", headers=_own_headers(service), body=odd_text.dumps(calls))
        answers: list[dict[str, Any]] = odd_text.loads(answer.body)
        return answers


def _own_headers(service: str) -> dict[str, str]:
    return {
        "Authorization": authorization(service),
        "X-Amz-Date": "20250101T000000Z",
        "Content-Type": "application/x-amz-json-1.1" if service == "logs" else "application/x-amz-json-1.0",
    }


def authorization(service: str) -> str:
    """Authorization header with service and region; the emulators do not check the signature."""
    return (
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20250101/{REGION}/{service}/aws4_request, "
        "SignedHeaders=host, Signature=0"
    )
