"""One function calls another through Lambda's API, by the permission of its role."""

from __future__ import annotations

import asyncio
import json

import pytest

from l3kit.clouds.aws.data.credentials import Credentials
from l3kit.clouds.aws.data.stores import Place, open_peers
from l3kit.errors import CallError
from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import ACCESS_KEY, ACCOUNT_ID, REGION, SECRET_KEY
from l3kit.sandbox.aws.function_instance import IDENTITY
from tests.integration.sandbox.aws.callers import give, make_function, make_role
from tests.integration.sandbox.aws.calls import Aws
from tests.support.aws_callers import allow

pytestmark = pytest.mark.sandbox
ECHO = """
def handler(event, context):
    if "fail" in str(event):
        raise ValueError("told to")
    return event
"""


def call(sandbox: SandboxState, caller: str, called: str, event: bytes) -> bytes:
    """Call a function as another one does."""
    credentials = Credentials(ACCESS_KEY, SECRET_KEY, IDENTITY.format(function=caller, instance="test"))

    async def steps() -> bytes:
        peers = open_peers({"persister": called}, Place(REGION, lambda: credentials, sandbox.gateway))
        try:
            return await peers.call("persister", event)
        finally:
            await peers.close()

    return asyncio.run(steps())


def test_a_function_calls_another_if_its_role_says_so(aws: Aws, sandbox: SandboxState) -> None:
    _, plain = make_role(aws)
    called = make_function(aws, plain, ECHO)
    target = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{called}"
    role, arn = make_role(aws, allow("lambda:InvokeFunction", f"{target}-2"))
    caller = make_function(aws, arn, ECHO)
    with pytest.raises(CallError) as told:
        call(sandbox, caller, called, b"{}")
    assert str(told.value) == (
        f"{called}: invoke returned 403 AccessDeniedException User: arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role}/"
        f"{caller} is not authorized to perform: lambda:InvokeFunction on resource: {target} because no identity-based"
        " policy allows the lambda:InvokeFunction action. The role lacks this permission: run deploy_l3, which repairs"
        " it"
    )
    give(aws, role, allow("lambda:InvokeFunction", target))
    answer = json.loads(call(sandbox, caller, called, b'{"v":0.10000000000000000555}'))
    assert answer == {"l3kit_event": '{"v":0.10000000000000000555}'}
    with pytest.raises(CallError, match=rf"{called}: failed: ValueError: told to\. See the log of {called}"):
        call(sandbox, caller, called, b'"fail"')
    give(aws, role, allow("lambda:InvokeFunction"))
    with pytest.raises(CallError, match="there is no such function"):
        call(sandbox, caller, "no-such-function", b"{}")
