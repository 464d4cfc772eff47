"""Calls of Firestore carry a token of the place's credentials; an emulator without credentials gets its usual one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.auth.credentials import Credentials
from google.auth.exceptions import RefreshError, TransportError
from google.cloud.firestore_v1.types import CommitRequest

from l3kit.clouds.gcp.data.firestore_stores import FirestorePlace, open_client
from l3kit.errors import StoreError
from tests.integration.gcp.firestore.faults import quick


class Given(Credentials):  # type: ignore[misc]
    """Credentials whose first renewals fail as told."""

    def __init__(self, *failures: Exception, quota_project: str | None = None) -> None:
        super().__init__()
        self._failures = list(failures)
        self._quota_project_id = quota_project

    def refresh(self, request: object) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.token, self.expiry = "good", datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1)


def sent(credentials: Callable[[], Credentials] | None) -> list[dict[str, str]]:
    """The metadata of three commits at once to a server that takes all."""
    seen: list[dict[str, str]] = []

    class Any_(grpc.GenericRpcHandler):  # type: ignore[misc]
        def service(self, details: Any) -> Any:
            seen.append(dict(details.invocation_metadata))

            async def answer(request: bytes, context: Any) -> bytes:
                return b""

            return grpc.unary_unary_rpc_method_handler(answer)

    async def run() -> None:
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((Any_(),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        client = open_client(
            FirestorePlace("p", "l3kit-plant", f"127.0.0.1:{port}", retry=quick(), credentials=credentials)
        )
        try:
            asked = CommitRequest(database=client.database)
            await asyncio.gather(*(client.call("commit", "write", "here", asked) for _ in range(3)))
        finally:
            await client.close()
            await server.stop(None)

    asyncio.run(run())
    return seen


def test_an_emulator_without_credentials_gets_what_it_takes_from_anybody() -> None:
    assert [one["authorization"] for one in sent(None)] == ["Bearer owner"] * 3


def test_credentials_are_sent_with_the_project_that_calls_count_for() -> None:
    given = Given(quota_project="plant-7")
    for one in sent(lambda: given):
        assert one["authorization"] == "Bearer good"
        assert one["x-goog-user-project"] == "plant-7"
        assert one["google-cloud-resource-prefix"] == "projects/p/databases/l3kit-plant"


def test_a_token_that_cannot_be_had_for_now_is_asked_for_again() -> None:
    given = Given(TransportError("no answer"), RefreshError("later", retryable=True))
    assert [one["authorization"] for one in sent(lambda: given)] == ["Bearer good"] * 3


def test_revoked_credentials_are_told_at_once_without_their_secrets() -> None:
    given = Given(*[RefreshError("invalid_grant: revoked", {"refresh_token": "very-secret"})] * 9)
    with pytest.raises(StoreError, match=r"could not be authenticated \(invalid_grant: revoked\)") as caught:
        sent(lambda: given)
    assert "log in again" in caught.value.remedy
    assert "secret" not in str(caught.value)
