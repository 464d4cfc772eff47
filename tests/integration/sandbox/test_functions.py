"""Deployed zips on the real runtime client: results, failures, isolation, instances, logs."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
import requests
from botocore.exceptions import ClientError

from l3kit.sandbox import SandboxState
from tests.support.waiting import wait_until

from .conftest import RUNTIME, make_zip

pytestmark = pytest.mark.sandbox

Aws = Callable[[str], Any]
Deploy = Callable[..., str]
Invoke = Callable[..., tuple[Any, str | None]]

ECHO = "def handler(event, context):\n    return event\n"
PID = "import os\ndef handler(event, context):\n    return os.getpid()\n"


def error_of(caught: pytest.ExceptionInfo[ClientError]) -> tuple[int, str, str]:
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def test_a_function_sees_its_zip_and_lambdas_environment_and_nothing_else(
    deploy: Deploy, invoke: Invoke, sandbox: SandboxState
) -> None:
    name = deploy(
        """
        import importlib.util, os, sys
        def handler(event, context):
            found = [m for m in ("moto", "boto3", "pandas", "aiohttp", "l3kit") if importlib.util.find_spec(m)]
            return {"env": dict(os.environ), "path": sys.path, "found": found, "cwd": os.getcwd(),
                    "name": context.function_name, "arn": context.invoked_function_arn,
                    "left": context.get_remaining_time_in_millis()}
        """,
        Environment={"Variables": {"MINE": "yes"}},
        Timeout=7,
    )
    seen, error = invoke(name)
    assert error is None
    assert seen["found"] == []
    assert seen["name"] == name
    assert seen["arn"].endswith(f":function:{name}")
    assert 5000 < seen["left"] <= 7000
    assert seen["path"][0] == seen["cwd"] == seen["env"]["LAMBDA_TASK_ROOT"]
    assert not any("site-packages" in entry for entry in seen["path"])
    env = seen["env"]
    assert env["MINE"] == "yes"
    assert env["AWS_ENDPOINT_URL"] == sandbox.aws_endpoint
    ours = {"MINE", "LANG", "TZ", "PATH", "_HANDLER", "_X_AMZN_TRACE_ID", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"}
    # macOS adds its own to every process
    leaked = {key for key in env if not key.startswith(("AWS_", "__CF", "LC_CTYPE"))} - ours
    assert leaked == set()


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


def test_a_crash_is_an_exit_error_and_the_next_call_gets_a_new_process(deploy: Deploy, invoke: Invoke) -> None:
    name = deploy(
        """
        import os, signal
        def handler(event, context):
            if "exit" in event:
                os._exit(event["exit"])
            if "kill" in event:
                os.kill(os.getpid(), signal.SIGKILL)
            return "fine"
        """
    )
    told, error = invoke(name, {"exit": 3})
    assert (error, told["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert told["errorMessage"].endswith("Runtime exited with error: exit status 3")
    told, _ = invoke(name, {"kill": True})
    assert told["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert invoke(name) == ("fine", None)


def test_why_a_process_ended_stands_in_the_functions_log(
    deploy: Deploy, invoke: Invoke, aws: Aws, sandbox: SandboxState
) -> None:
    name = deploy("import os\ndef handler(event, context):\n    return os._exit(3) if event else os.getpid()\n")
    pids = [invoke(name)[0]]
    invoke(name, {"exit": True})
    pids.append(invoke(name)[0])
    aws("lambda").update_function_configuration(FunctionName=name, Timeout=9)
    log = (sandbox.home / "logs" / "functions" / f"{name}.log").read_text()
    assert f"[sandbox] process {pids[0]} ended by itself: exit status 3\n" in log
    assert f"[sandbox] process {pids[1]} was ended: its function's code or settings changed\n" in log


def test_another_process_gets_nothing_from_the_runtime_api(deploy: Deploy, invoke: Invoke) -> None:
    """It would take the next event, or end the instance by an error of its start."""
    name = deploy(
        "import os\ndef handler(event, context):\n    return os.getpid(), os.environ['AWS_LAMBDA_RUNTIME_API']\n"
    )
    (pid, address), _ = invoke(name)
    runtime = f"http://{address}/2018-06-01/runtime"
    assert requests.get(f"{runtime}/invocation/next", timeout=10).status_code == 403
    assert requests.post(f"{runtime}/init/error", json={}, timeout=10).status_code == 403
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n")
    assert invoke(name) == ([pid, address], None)


@pytest.mark.parametrize("more", [{"ClientContext": "e30="}, {"InvocationType": "Event"}, {"InvocationType": "DryRun"}])
def test_what_is_not_offered_of_an_invocation_is_refused_in_words(
    aws: Aws, deploy: Deploy, more: dict[str, str]
) -> None:
    with pytest.raises(ClientError, match="RequestResponse without ClientContext only"):
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
    assert error_of(caught)[:2] == (413, "RequestTooLargeException")
    with pytest.raises(ClientError) as caught:
        aws("lambda").invoke(FunctionName=name, Payload=b"{not json")
    assert error_of(caught)[:2] == (400, "InvalidRequestContentException")


def test_instances_are_reused_and_several_run_at_once(deploy: Deploy, invoke: Invoke, tmp_path: Path) -> None:
    name = deploy(
        """
        import os, time
        def handler(event, context):
            if "meet" in event:
                open(os.path.join(event["meet"], str(os.getpid())), "w").close()
                while len(os.listdir(event["meet"])) < event["of"]:
                    time.sleep(0.02)
            return os.getpid()
        """,
        Timeout=60,
    )
    assert invoke(name) == invoke(name)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: invoke(name, {"meet": str(tmp_path), "of": 3}), range(3)))
    assert [error for _, error in answers] == [None] * 3, "one after the other they would never meet"
    assert len({pid for pid, _ in answers}) == 3


def test_reserved_concurrency_throttles(aws: Aws, deploy: Deploy, invoke: Invoke) -> None:
    name = deploy(ECHO)
    aws("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as caught:
        invoke(name)
    assert error_of(caught)[:2] == (429, "TooManyRequestsException")
    aws("lambda").delete_function_concurrency(FunctionName=name)
    assert invoke(name, {"a": 1}) == ({"a": 1}, None)


def test_new_code_and_new_settings_reach_the_next_call(aws: Aws, deploy: Deploy, invoke: Invoke) -> None:
    client = aws("lambda")
    name = deploy("import os\ndef handler(event, context):\n    return ['one', os.environ.get('V')]\n")
    assert invoke(name)[0] == ["one", None]
    client.update_function_code(
        FunctionName=name, ZipFile=make_zip("import os\ndef handler(e, c):\n    return ['two', os.environ.get('V')]\n")
    )
    assert invoke(name)[0] == ["two", None]
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {"V": "x"}}, Timeout=9)
    assert invoke(name)[0] == ["two", "x"]
    assert client.get_function_configuration(FunctionName=name)["Timeout"] == 9


def test_a_deleted_function_is_gone_with_its_process(aws: Aws, deploy: Deploy, invoke: Invoke) -> None:
    name = deploy(PID)
    pid, _ = invoke(name)
    aws("lambda").delete_function(FunctionName=name)
    assert not psutil.pid_exists(pid)
    with pytest.raises(ClientError) as caught:
        invoke(name)
    assert error_of(caught)[:2] == (404, "ResourceNotFoundException")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Runtime": "python3.8"}, RUNTIME),
        ({"Environment": {"Variables": {"BIG": "x" * 4096}}}, "4KB limit"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "AWS_REGION"),
        ({"Code": {"ZipFile": b"no zip"}}, "unzip"),
        ({"Code": {"ZipFile": make_zip("", **{"../../evil.py": "x"})}}, "outside"),
    ],
)
def test_what_lambda_would_refuse_is_refused(aws: Aws, role: str, change: dict[str, Any], told: str) -> None:
    settings = {"Runtime": RUNTIME, "Code": {"ZipFile": make_zip(ECHO)}, **change}
    with pytest.raises(ClientError) as caught:
        aws("lambda").create_function(FunctionName="refused", Role=role, Handler="app.handler", **settings)
    assert error_of(caught)[:2] == (400, "InvalidParameterValueException")
    assert told in error_of(caught)[2]
    with pytest.raises(ClientError):
        aws("lambda").get_function(FunctionName="refused")


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


def test_logs_are_in_a_file_and_in_cloudwatch(aws: Aws, sandbox: SandboxState, deploy: Deploy, invoke: Invoke) -> None:
    name = deploy("def handler(event, context):\n    print('seen by all')\n")
    invoke(name)
    assert "seen by all\n" in (sandbox.home / "logs" / "functions" / f"{name}.log").read_text()

    def first_words() -> list[str]:
        try:
            events = aws("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        except aws("logs").exceptions.ResourceNotFoundException:
            return []
        return [event["message"].split()[0] for event in events]

    assert wait_until(lambda: len(first_words()) >= 4)
    assert first_words() == ["START", "seen", "END", "REPORT"]


def test_another_region_is_refused(sandbox: SandboxState) -> None:
    client = boto3.client(
        "lambda", endpoint_url=sandbox.aws_endpoint, region_name="eu-central-1",
        aws_access_key_id="x", aws_secret_access_key="x",
    )  # fmt: skip
    with pytest.raises(ClientError, match="us-east-1 only"):
        client.list_functions()
