"""What a refusal of AWS becomes: an error with a remedy, or why a later try may help."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from l3kit.clouds.aws.data.client import ROLE_DENIED, Answer, AwsClient, Call
from l3kit.clouds.aws.data.http import HttpResponse
from l3kit.clouds.aws.data.sigv4 import Credentials
from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import Passing

LOOK = Call("head_object", "s3://cold/key", "HEAD", "/cold/key", expected=frozenset({"404"}))
READ = Call("get_object", "s3://cold/key", "GET", "/cold/key")


class Http:
    """Answers every request with one response."""

    host = "store.test"

    def __init__(self, response: HttpResponse) -> None:
        self._response = response

    async def request(self, *_: Any, **__: Any) -> HttpResponse:
        return self._response


def attempt(status: int, body: bytes = b"", call: Call = LOOK, denied: str = ROLE_DENIED) -> Answer | Passing:
    http: Any = Http(HttpResponse(status, {}, body))
    client = AwsClient("s3", "eu-central-1", http, lambda: Credentials("key", "secret"), Usage(), denied=denied)
    return asyncio.run(client.attempt(call))


def test_a_refused_head_has_no_body_and_still_names_the_permission_and_its_remedy() -> None:
    needed = r"head_object returned 403, which needs s3:GetObject, and s3:ListBucket for an object that is not there"
    with pytest.raises(StoreError, match=rf"{needed}\. The role lacks this permission: run deploy"):
        attempt(403)


@pytest.mark.parametrize("call", [LOOK, READ], ids=["HEAD", "GET"])
def test_who_is_no_function_is_not_told_to_deploy(call: Call) -> None:
    body = b"" if call is LOOK else b"<Error><Code>AccessDenied</Code><Message>s3:GetObject</Message></Error>"
    with pytest.raises(StoreError, match=r"s3:GetObject.*\. Grant it to whoever runs this$"):
        attempt(403, body, call, denied="Grant it to whoever runs this")


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


@pytest.mark.parametrize(("agent", "sent"), [("l3kit-notebook", {"user-agent": "l3kit-notebook"}), ("", {})])
def test_a_session_names_itself_and_a_function_does_not(agent: str, sent: dict[str, str]) -> None:
    told: dict[str, str] = {}

    class Noting(Http):
        async def request(self, *sent: Any, **_: Any) -> HttpResponse:
            told.update(sent[2])
            return HttpResponse(200, {}, b"")

    http: Any = Noting(HttpResponse(200, {}, b""))
    client = AwsClient("s3", "eu-central-1", http, lambda: Credentials("key", "secret"), Usage(), agent=agent)
    asyncio.run(client.attempt(READ))
    assert {name: value for name, value in told.items() if name == "user-agent"} == sent
    assert "user-agent" not in told["authorization"], "a proxy may change it"
