"""What Cloud Storage's errors mean."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from google.api_core.exceptions import Forbidden

from l3kit.clouds.gcp.data.storage_calls import StorageCalls
from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage
from l3kit.tiering.sdk_calls import Refused


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


LACKS_DELETE = "mover@p.iam.gserviceaccount.com does not have storage.objects.delete access to the object."


def refused(kind: str, message: str) -> object:
    def work() -> None:
        raise Forbidden("denied", response=Answer(message))

    calls = StorageCalls(Usage(), threads=1)
    try:
        return asyncio.run(calls.run(kind, "b/k", work, expected=frozenset({412})))
    finally:
        calls.close()


class Answer:
    """An answer of Cloud Storage."""

    status_code = 403
    headers: Mapping[str, str] = {}

    def __init__(self, message: str) -> None:
        self._message = message

    def json(self) -> object:
        return {"error": {"code": 403, "message": self._message}}


@pytest.mark.parametrize("kind", ["put", "create_upload", "complete_upload", "copy"])
def test_an_upload_that_may_not_replace_an_object_has_found_its_name_taken(kind: str) -> None:
    assert refused(kind, LACKS_DELETE) == Refused(412)


@pytest.mark.parametrize("kind", ["delete", "delete_version"])
def test_a_delete_that_is_not_allowed_is_an_error(kind: str) -> None:
    with pytest.raises(StoreError, match=r"does not have storage.objects.delete access"):
        refused(kind, LACKS_DELETE)


def test_an_upload_without_the_permission_to_create_is_an_error() -> None:
    with pytest.raises(StoreError, match=r"storage\.objects\.create"):
        refused("put", LACKS_DELETE.replace("delete", "create"))
