"""Lambda's Invoke: the request is boto3's, and each failure is told with a remedy and without a secret."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.clouds.aws.data.client import AwsClient
from l3kit.clouds.aws.data.credentials import Credentials
from l3kit.clouds.aws.data.events import wrapped
from l3kit.clouds.aws.data.http import HttpError, HttpResponse
from l3kit.clouds.aws.data.peers import MAX_EVENT_BYTES, LambdaPeers
from l3kit.errors import CallError, ConfigurationError
from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import RetryPolicy
from tests.support.peer_calls import at_once

SECRET, TOKEN = "secret-key-of-forty-characters-0123456789", "session-token-of-many-characters"


@dataclass
class Http:
    """Answers in turn; repeats the last answer."""

    answers: list[HttpResponse | HttpError]
    host: str = "lambda.eu-west-1.amazonaws.com"
    sent: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    async def request(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, **more: Any
    ) -> HttpResponse:
        self.sent.append((method, target, dict(headers), body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, HttpError):
            raise answer
        return answer

    def close(self) -> None: ...


def answer(status: int, content: object = None, **headers: str) -> HttpResponse:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return HttpResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def invoke(
    *answers: HttpResponse | HttpError, event: bytes = b'{"messages":[]}', retry: RetryPolicy | None = None
) -> tuple[bytes, Http]:
    http: Any = Http(list(answers))
    credentials = Credentials("AKIA", SECRET, TOKEN)
    client = AwsClient("lambda", "eu-west-1", http, lambda: credentials, Usage(), retry=retry or at_once())
    peers = LambdaPeers({"persister": "weather-persister"}, client)
    return asyncio.run(peers.call("persister", event)), http


def test_the_request_is_the_one_that_boto3_sends() -> None:
    client = boto3.client("lambda", "eu-west-1", aws_access_key_id="AKIA", aws_secret_access_key="x")
    seen: list[Any] = []

    def stop(request: Any, **_: Any) -> Any:
        seen.append(request)
        raise InterruptedError

    client.meta.events.register("before-send.lambda.Invoke", stop)
    payload = wrapped(b'{"messages":[]}')
    with pytest.raises(InterruptedError):
        client.invoke(FunctionName="weather-persister", InvocationType="RequestResponse", Payload=payload)
    http = invoke(answer(200, {"stored": 1}))[1]
    method, target, headers, body = http.sent[0]
    assert f"https://{http.host}{target}" == seen[0].url
    assert (method, body) == (seen[0].method, seen[0].body)
    assert headers["x-amz-invocation-type"].encode() == seen[0].headers["X-Amz-Invocation-Type"]


def test_a_function_that_is_not_l3kits_gets_the_plain_event() -> None:
    http: Any = Http([answer(200, {})])
    client = AwsClient("lambda", "eu-west-1", http, lambda: Credentials("a", "b"), Usage())
    asyncio.run(LambdaPeers({"my-alarm": "my-alarm"}, client).call("my-alarm", b'{"v":1.50}'))
    assert http.sent[0][3] == b'{"v":1.50}'


def test_the_answer_is_the_functions_to_the_byte() -> None:
    assert invoke(answer(200, b'{"stored": 1.0}'))[0] == b'{"stored": 1.0}'
    assert invoke(answer(200, b"<Error>not one of S3"))[0] == b"<Error>not one of S3"


@pytest.mark.parametrize(
    "first",
    [
        answer(429, {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "message": "Rate Exceeded."}),
        answer(409, {"message": "is being updated"}, x_amzn_errortype="ResourceConflictException"),
        answer(500, {"message": "internal"}, x_amzn_errortype="ServiceException"),
        HttpError("the connection was closed early (end of stream)"),
    ],
)
def test_a_throttled_a_broken_and_a_lost_call_are_made_again(first: HttpResponse | HttpError) -> None:
    found, http = invoke(first, answer(200, {"stored": 1}))
    assert (found, len(http.sent)) == (b'{"stored": 1}', 2)
    assert http.sent[0][3] == http.sent[1][3]


def test_after_the_last_try_the_cause_is_told() -> None:
    throttled = answer(429, {"message": "Rate Exceeded."}, x_amzn_errortype="TooManyRequestsException:http://x")
    with pytest.raises(CallError, match=r"429 TooManyRequestsException Rate Exceeded\.; gave up after 3 tries") as told:
        invoke(throttled)
    assert told.value.remedy == "The message is delivered again"


def test_a_function_that_failed_is_not_called_again() -> None:
    failed = answer(
        200,
        {"errorType": "StoreError", "errorMessage": "the table: is gone", "stackTrace": ["secret place"]},
        x_amz_function_error="Unhandled",
    )
    again = answer(200, {})
    with pytest.raises(CallError) as told:
        invoke(failed, again)
    assert str(told.value) == (
        "weather-persister: failed: StoreError: the table: is gone. See the log of weather-persister"
    )


@pytest.mark.parametrize("payload", [b"", b"not json", b"[1]", b"null", b"{}", b'{"errorMessage": 1}'])
def test_a_failure_of_any_form_is_told(payload: bytes) -> None:
    with pytest.raises(CallError, match="weather-persister: failed: "):
        invoke(answer(200, payload, x_amz_function_error="Unhandled"))


def test_a_missing_function_and_a_missing_permission_have_their_remedies() -> None:
    with pytest.raises(CallError, match=r"there is no such function\. Run deploy_l3"):
        invoke(answer(404, {"message": "Function not found"}, x_amzn_errortype="ResourceNotFoundException"))
    with pytest.raises(CallError, match="The role lacks this permission: run deploy_l3"):
        invoke(answer(403, {"message": "is not authorized"}, x_amzn_errortype="AccessDeniedException"))


def test_an_event_above_lambdas_limit_is_not_sent() -> None:
    http: Any = Http([answer(200)])
    client = AwsClient("lambda", "eu-west-1", http, lambda: Credentials("a", "b"), Usage())
    event = b'"' + b"x" * (MAX_EVENT_BYTES + 1 - len(wrapped(b'""'))) + b'"'
    with pytest.raises(CallError, match=r"6,291,557 bytes; Lambda takes 6,291,556"):
        asyncio.run(LambdaPeers({"persister": "p"}, client).call("persister", event))
    assert not http.sent


def test_a_function_without_a_name_is_a_fault_of_the_settings() -> None:
    http: Any = Http([answer(200)])
    client = AwsClient("lambda", "eu-west-1", http, lambda: Credentials("a", "b"), Usage())
    with pytest.raises(ConfigurationError, match="persister"):
        asyncio.run(LambdaPeers({}, client).call("persister", b"{}"))


@given(
    st.sampled_from([200, 400, 403, 404, 413, 500]),
    st.text(max_size=30),
    st.text(max_size=400),
    st.sampled_from(["message", "Message", "errorMessage", "errorType"]),
    st.booleans(),
)
def test_no_message_holds_a_secret(status: int, before: str, after: str, member: str, failed: bool) -> None:
    """A refused signature quotes the whole request that was expected, session token included."""
    content = {member: f"{before}{TOKEN}{after}{SECRET}"}
    headers = {"x_amz_function_error": "Unhandled"} if failed else {"x_amzn_errortype": "InvalidSignatureException"}
    if status == 200 and not failed:
        return
    with pytest.raises(CallError) as told:
        invoke(answer(status, content, **headers), retry=at_once(1))
    assert not any(part in str(told.value) for part in (TOKEN[:12], SECRET[:12]))
