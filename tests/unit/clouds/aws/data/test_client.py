"""What a refusal of AWS becomes: an error with a remedy, or why a later try may help."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from l3kit.clouds.aws.data.client import Answer, AwsClient, Call
from l3kit.clouds.aws.data.http import HttpResponse
from l3kit.clouds.aws.data.sigv4 import Credentials
from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import Passing

LOOK = Call("head_object", "s3://cold/key", "HEAD", "/cold/key", expected=frozenset({"404"}))


class Http:
    """Answers every request with one response."""

    host = "store.test"

    def __init__(self, response: HttpResponse) -> None:
        self._response = response

    async def request(self, *_: Any, **__: Any) -> HttpResponse:
        return self._response


def attempt(status: int, body: bytes = b"") -> Answer | Passing:
    http: Any = Http(HttpResponse(status, {}, body))
    client = AwsClient("s3", "eu-central-1", http, lambda: Credentials("key", "secret"), Usage())
    return asyncio.run(client.attempt(LOOK))


def test_a_refused_head_has_no_body_and_still_gets_its_remedy() -> None:
    with pytest.raises(StoreError, match=r"head_object returned 403\. The role lacks this permission: run deploy"):
        attempt(403)


def test_a_refusal_with_a_code_gets_the_codes_remedy() -> None:
    with pytest.raises(StoreError, match=r"403 ExpiredToken gone\. The credentials have expired: log in again"):
        attempt(403, b"<Error><Code>ExpiredToken</Code><Message>gone</Message></Error>")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_a_later_try_may_cure_is_no_error(status: int) -> None:
    assert isinstance(attempt(status), Passing)


def test_what_the_caller_expects_is_an_answer() -> None:
    answer = attempt(404)
    assert isinstance(answer, Answer)
    assert answer.status == 404
