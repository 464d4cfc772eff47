"""What Cloud Storage's errors mean."""

from __future__ import annotations

import asyncio

import pytest
from google.api_core.exceptions import Forbidden

from l3kit.clouds.gcp.data.storage_calls import StorageCalls
from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage


def test_a_missing_permission_has_the_remedy_of_whoever_calls() -> None:
    def work() -> None:
        raise Forbidden("denied")

    calls = StorageCalls(Usage(), threads=1, denied="Ask for the role")
    try:
        with pytest.raises(StoreError) as caught:
            asyncio.run(calls.run("get", "b/k", work))
    finally:
        calls.close()
    assert (caught.value.resource, caught.value.remedy) == ("b/k", "Ask for the role")
