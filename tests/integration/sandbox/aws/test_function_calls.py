"""Invocations of deployed zips on the real runtime client: results, failures, limits, repetitions."""

from __future__ import annotations

import base64
import json

import psutil
import pytest
from botocore.exceptions import ClientError

from l3kit.sandbox import SandboxState
from tests.integration.sandbox.aws.calls import ECHO, Aws, Deploy, Invoke, code_of
from tests.integration.sandbox.conftest import RUNTIME, make_zip

pytestmark = pytest.mark.sandbox


def test_the_zip_brings_its_own_packages(aws: Aws, role: str, invoke: Invoke) -> None:
    source = "import orjson\ndef handler(event, context):\n    return orjson.MARK\n"
    code = {"ZipFile": make_zip(source, **{"orjson.py": "MARK = 'from the zip'"})}
    aws("lambda").create_function(FunctionName="own-json", Runtime=RUNTIME, Role=role, Handler="app.handler", Code=code)
    assert invoke("own-json") == ("from the zip", None)


def test_an_exception_is_a_function_error_with_its_traceback_and_log_tail(aws: Aws, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    print('before')\n    raise ValueError('boom')\n")
    answer = aws("lambda").invoke(FunctionName=name, Payload=b"{}", LogType="Tail")
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    told = json.loads(answer["Payload"].read())
    assert (told["errorType"], told["errorMessage"]) == ("ValueError", "boom")
    log = base64.b64decode(answer["LogResult"]).decode()
    assert next(line.split()[0] for line in log.splitlines() if line) == "START"
    assert "before\n" in log
    assert "[ERROR] ValueError: boom" in log
    assert "REPORT RequestId" in log


def test_a_timeout_kills_the_process_and_the_next_call_gets_a_new_one(deploy: Deploy, invoke: Invoke) -> None:
    name = deploy(
        """
        import os, time
        def handler(event, context):
            if event.get("hang"):
                time.sleep(600)
            return os.getpid()
        """,
        Timeout=2,
    )
    before, _ = invoke(name)
    told, error = invoke(name, {"hang": True})
    assert error == "Unhandled"
    assert told["errorType"] == "Sandbox.Timedout"
    assert told["errorMessage"].endswith("Error: Task timed out after 2.00 seconds")
    assert not psutil.pid_exists(before)
    after, error = invoke(name)
    assert error is None
    assert after != before


@pytest.mark.parametrize("more", [{"ClientContext": "e30="}, {"InvocationType": "DryRun"}])
def test_what_is_not_offered_of_an_invocation_is_refused_in_words(
    aws: Aws, deploy: Deploy, more: dict[str, str]
) -> None:
    with pytest.raises(ClientError, match="RequestResponse and Event, without ClientContext, only"):
        aws("lambda").invoke(FunctionName=deploy(ECHO), **more)


def test_an_import_error_at_init_is_told(deploy: Deploy, invoke: Invoke) -> None:
    told, error = invoke(deploy("import nowhere_to_be_found\n"))
    assert error == "Unhandled"
    assert told["errorType"] == "Runtime.ImportModuleError"
    assert "nowhere_to_be_found" in told["errorMessage"]


def test_a_result_over_six_megabytes_is_an_error(deploy: Deploy, invoke: Invoke) -> None:
    name = deploy("def handler(event, context):\n    return 'x' * event['n']\n")
    assert invoke(name, {"n": 6_291_554})[1] is None
    told, error = invoke(name, {"n": 6_291_555})
    assert (error, told["errorType"]) == ("Unhandled", "Function.ResponseSizeTooLarge")
    assert invoke(name, {"n": 1}) == ("x", None)


def test_an_event_over_the_limit_is_refused(aws: Aws, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return len(event)\n")
    fits = json.dumps("x" * (6_291_556 - 2)).encode()
    assert json.loads(aws("lambda").invoke(FunctionName=name, Payload=fits)["Payload"].read()) == 6_291_554
    with pytest.raises(ClientError) as caught:
        aws("lambda").invoke(FunctionName=name, Payload=fits + b" ")
    assert code_of(caught) == (413, "RequestTooLargeException")
    with pytest.raises(ClientError) as caught:
        aws("lambda").invoke(FunctionName=name, Payload=b"{not json")
    assert code_of(caught) == (400, "InvalidRequestContentException")


def test_reserved_concurrency_throttles(aws: Aws, deploy: Deploy, invoke: Invoke) -> None:
    name = deploy(ECHO)
    aws("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as caught:
        invoke(name)
    assert code_of(caught) == (429, "TooManyRequestsException")
    aws("lambda").delete_function_concurrency(FunctionName=name)
    assert invoke(name, {"a": 1}) == ({"a": 1}, None)


def test_a_function_reaches_the_other_services_through_its_endpoint(
    sandbox: SandboxState, deploy: Deploy, invoke: Invoke
) -> None:
    name = deploy(
        """
        import os, urllib.request
        def handler(event, context):
            return urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_sandbox/health").status
        """
    )
    assert invoke(name) == (200, None)
