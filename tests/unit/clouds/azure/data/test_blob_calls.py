"""What Blob Storage's errors mean."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceResponseError

from l3kit.clouds.azure.data.blob_calls import BlobCalls
from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import RetryPolicy


def outcome(error: Exception) -> tuple[str, dict[str, int]]:
    """The error of a call that always ends so, and its retries."""

    async def sleep(seconds: float) -> None:
        pass

    async def work() -> None:
        raise error

    calls = BlobCalls(Usage(), RetryPolicy(tries=3, sleep=sleep), timeout=1.0)
    with pytest.raises(StoreError) as caught:
        asyncio.run(calls.run("get", "c/k", work))
    return str(caught.value), calls.usage.retries


def test_missing_credentials_are_asked_for_again_and_told_with_a_remedy() -> None:
    """A managed identity's endpoint that is down for a moment gives the same error."""
    text, retries = outcome(ClientAuthenticationError("DefaultAzureCredential failed, secret words"))
    assert "no credentials for Azure" in text
    assert "Log in again" in text
    assert "secret" not in text
    assert retries == {"get": 2}


def test_a_lost_answer_is_tried_again() -> None:
    text, retries = outcome(ServiceResponseError("the connection broke"))
    assert "get was not answered (ServiceResponseError)" in text
    assert retries == {"get": 2}


def test_a_missing_permission_has_the_remedy_of_whoever_calls() -> None:
    async def work() -> None:
        error = HttpResponseError("refused", response=SimpleNamespace(status_code=403, reason="", headers={}))
        error.error_code = "AuthorizationPermissionMismatch"
        raise error

    calls = BlobCalls(Usage(), timeout=1.0, denied="Ask for the role")
    with pytest.raises(StoreError) as caught:
        asyncio.run(calls.run("get", "c/k", work))
    assert caught.value.remedy == "Ask for the role"
