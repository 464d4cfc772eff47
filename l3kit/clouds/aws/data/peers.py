"""The twin's other functions, called by Lambda's Invoke, which waits for the answer.

Source: AWS Lambda API Reference, "Invoke". No real service has seen these requests; the tests compare them with what
boto3 sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import orjson

from l3kit.clouds.aws.data.client import Answer, AwsClient, Call
from l3kit.clouds.aws.data.events import wrapped
from l3kit.errors import CallError, ConfigurationError, StoreError
from l3kit.tiering.retry import LATER
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.stream.shown_errors import AGAIN, shown

MAX_EVENT_BYTES = 6_291_556
"""Lambda's quota for the event of a synchronous invocation."""
INVOKE_SECONDS = 900.0
"""Maximum wait for one answer: the longest run of a function. The caller's own deadline ends it earlier."""
_MISSING = frozenset({"ResourceNotFoundException"})
_HEADERS = {"content-type": "application/json", "x-amz-invocation-type": "RequestResponse"}


class LambdaPeers:
    """The functions of one account.

    A lost answer, a throttled call and a 5xx are retried: the functions' work has the same effect twice. A function
    that has failed is not called again, since it has retried what can be retried.

    Args:
        names: deployed names, by function.
        client: client of the service `lambda`.
    """

    def __init__(self, names: Mapping[str, str], client: AwsClient) -> None:
        self._names = names
        self._client = client

    async def call(self, function: str, event: bytes) -> bytes:
        name = self._names.get(function)
        if name is None:
            raise ConfigurationError(function, "no function name is configured", "Apply the twin again")
        # A twin's event may call a function that is not l3kit's, by its deployed name: it gets the JSON as it is.
        body = wrapped(event) if function in FUNCTIONS and name != function else event
        if len(body) > MAX_EVENT_BYTES:
            raise CallError(
                name,
                f"the event has {len(body):,} bytes; Lambda takes {MAX_EVENT_BYTES:,}",
                "Send smaller messages, or fewer at once",
            )
        path = f"/2015-03-31/functions/{quote(name, safe='')}/invocations"
        invoke = Call("invoke", name, "POST", path, headers=_HEADERS, body=body, expected=_MISSING)
        try:
            answer = await self._client.call(invoke)
        except StoreError as error:
            raise CallError(name, shown(error.cause), AGAIN if error.remedy == LATER else error.remedy) from None
        if answer.status >= 300:
            raise CallError(name, "there is no such function", "Run deploy_l3")
        if answer.headers.get("x-amz-function-error"):
            raise CallError(name, f"failed: {shown(self._client.redact(_failure(answer)))}", f"See the log of {name}")
        return answer.body

    async def close(self) -> None:
        self._client.close()


def _failure(answer: Answer) -> str:
    """Type and message of the error that ended the function, without its traceback."""
    try:
        content = orjson.loads(answer.body)
        kind, message = str(content.get("errorType") or ""), str(content.get("errorMessage") or "")
    except (ValueError, AttributeError):
        kind = message = ""
    words = ": ".join(part for part in (kind, message) if part)
    return words or answer.headers["x-amz-function-error"]
