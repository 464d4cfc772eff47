"""Code, settings, logs and refusals of functions."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from l3kit.sandbox import SandboxState
from tests.integration.sandbox.aws.calls import ECHO, Aws, Deploy, Invoke, code_of
from tests.integration.sandbox.conftest import RUNTIME, make_zip
from tests.support.waiting import wait_until

pytestmark = pytest.mark.sandbox


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


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Runtime": "python3.8"}, RUNTIME),
        ({"Environment": {"Variables": {"BIG": "x" * 4096}}}, "4KB limit"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "AWS_REGION"),
        ({"Code": {"ZipFile": b"no zip"}}, "unzip"),
        ({"Code": {"S3Bucket": "code-bucket", "S3Key": "code.zip"}}, "ZipFile only"),
        ({"Code": {"ZipFile": make_zip("", **{"../../evil.py": "x"})}}, "outside"),
    ],
)
def test_what_lambda_would_refuse_is_refused(aws: Aws, role: str, change: dict[str, Any], told: str) -> None:
    settings = {"Runtime": RUNTIME, "Code": {"ZipFile": make_zip(ECHO)}, **change}
    with pytest.raises(ClientError) as caught:
        aws("lambda").create_function(FunctionName="refused", Role=role, Handler="app.handler", **settings)
    assert code_of(caught) == (400, "InvalidParameterValueException")
    assert told in str(caught.value)
    with pytest.raises(ClientError):
        aws("lambda").get_function(FunctionName="refused")


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
        "lambda", endpoint_url=sandbox.gateway, region_name="eu-central-1",
        aws_access_key_id="x", aws_secret_access_key="x",
    )  # fmt: skip
    with pytest.raises(ClientError, match="us-east-1 only"):
        client.list_functions()
