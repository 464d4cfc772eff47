"""The processes behind a function: what they see, how they end, and that they are used again."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests
from botocore.exceptions import ClientError

from l3kit.sandbox import SandboxState
from tests.integration.sandbox.aws.calls import PID, Aws, Deploy, Invoke, code_of

pytestmark = pytest.mark.sandbox


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
    assert env["AWS_ENDPOINT_URL"] == sandbox.gateway
    ours = {"MINE", "LANG", "TZ", "PATH", "_HANDLER", "_X_AMZN_TRACE_ID", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"}
    # macOS adds its own to every process
    leaked = {key for key in env if not key.startswith(("AWS_", "__CF", "LC_CTYPE"))} - ours
    assert leaked == set()


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


def test_a_deleted_function_is_gone_with_its_process(aws: Aws, deploy: Deploy, invoke: Invoke) -> None:
    name = deploy(PID)
    pid, _ = invoke(name)
    aws("lambda").delete_function(FunctionName=name)
    assert not psutil.pid_exists(pid)
    with pytest.raises(ClientError) as caught:
        invoke(name)
    assert code_of(caught) == (404, "ResourceNotFoundException")
