"""Function URLs: who may call, the event's shape, what is base64, the limit, the way back."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
from urllib.parse import urlsplit

import pytest
import requests
from botocore.exceptions import ClientError

from tests.integration.sandbox.aws.calls import Aws, Deploy
from tests.integration.sandbox.conftest import RUNTIME, make_zip

pytestmark = pytest.mark.sandbox


EVENT = "def handler(event, context):\n    return event\n"
LIMIT = 6_291_556


def open_url(aws: Aws, name: str) -> str:
    client = aws("lambda")
    url = client.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    client.add_permission(
        FunctionName=name, StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*",
        FunctionUrlAuthType="NONE",
    )  # fmt: skip
    client.add_permission(
        FunctionName=name, StatementId="via-url", Action="lambda:InvokeFunction", Principal="*",
        InvokedViaFunctionUrl=True,
    )  # fmt: skip
    return str(url)


def test_a_url_needs_both_statements(aws: Aws, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return 'in'\n")
    client = aws("lambda")
    url = open_url(aws, name)
    assert requests.get(url, timeout=60).text == "in"
    for sid, action, more in (
        ("url", "lambda:InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}),
        ("via-url", "lambda:InvokeFunction", {"InvokedViaFunctionUrl": True}),
    ):
        client.remove_permission(FunctionName=name, StatementId=sid)
        refused = requests.get(url, timeout=60)
        assert refused.status_code == 403
        assert refused.json()["Message"].startswith("Forbidden.")
        client.add_permission(FunctionName=name, StatementId=sid, Action=action, Principal="*", **more)
        assert requests.get(url, timeout=60).status_code == 200
    statements = json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]
    conditions = {statement["Action"]: statement["Condition"] for statement in statements}
    assert conditions == {
        "lambda:InvokeFunctionUrl": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        "lambda:InvokeFunction": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    }


def test_a_statement_id_is_taken_once(aws: Aws, deploy: Deploy) -> None:
    name = deploy(EVENT)
    open_url(aws, name)
    with pytest.raises(ClientError) as caught:
        aws("lambda").add_permission(
            FunctionName=name, StatementId="url", Action="lambda:InvokeFunction", Principal="*"
        )
    assert caught.value.response["Error"]["Code"] == "ResourceConflictException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_url_settings_are_created_once_changed_and_deleted(aws: Aws, deploy: Deploy) -> None:
    name, client = deploy(EVENT), aws("lambda")
    url = open_url(aws, name)
    with pytest.raises(client.exceptions.ResourceConflictException):
        client.create_function_url_config(FunctionName=name, AuthType="NONE")
    assert client.get_function_url_config(FunctionName=name)["FunctionUrl"] == url
    with pytest.raises(ClientError, match="without Cors only"):
        client.update_function_url_config(FunctionName=name, Cors={"AllowOrigins": ["*"]})
    client.update_function_url_config(FunctionName=name, AuthType="AWS_IAM")
    assert requests.get(url, timeout=60).status_code == 403
    client.delete_function_url_config(FunctionName=name)
    assert requests.get(url, timeout=60).status_code == 404
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function_url_config(FunctionName=name)


def test_the_event_has_payload_format_2_0(aws: Aws, deploy: Deploy) -> None:
    url = open_url(aws, deploy(EVENT))
    event = requests.post(
        url + "a/b%20c?x=1&x=2&y=%C3%A9",
        data='{"k": "é"}'.encode(),
        headers={"Content-Type": "application/json", "X-Inter-Cloud-Token": "T", "Cookie": "a=1; b=2"},
        timeout=60,
    ).json()
    assert event["version"] == "2.0"
    assert event["rawPath"] == "/a/b%20c"
    assert event["rawQueryString"] == "x=1&x=2&y=%C3%A9"
    assert event["queryStringParameters"] == {"x": "1,2", "y": "é"}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"]["x-inter-cloud-token"] == "T"
    assert all(name == name.lower() for name in event["headers"])
    assert event["requestContext"]["http"]["method"] == "POST"
    assert (event["body"], event["isBase64Encoded"]) == ('{"k": "é"}', False)
    bare = requests.get(url, timeout=60).json()
    assert "body" not in bare
    assert bare["rawPath"] == "/"


@pytest.mark.parametrize(
    ("headers", "is_text"),
    [
        ({"Content-Type": "application/json; charset=utf-8"}, True),
        ({"Content-Type": "text/csv"}, True),
        ({"Content-Type": "application/xml"}, True),
        ({"Content-Type": "application/javascript"}, True),
        ({"Content-Type": "application/octet-stream"}, False),
        ({"Content-Type": "application/x-www-form-urlencoded"}, False),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, False),
        ({}, False),
    ],
)
def test_which_bodies_arrive_as_text(url_of_echo: str, headers: dict[str, str], is_text: bool) -> None:
    body = gzip.compress(b"[1]") if "Content-Encoding" in headers else b"[1]"
    event = requests.post(url_of_echo, data=body, headers=headers, timeout=60).json()
    assert event["isBase64Encoded"] is not is_text
    assert (event["body"].encode() if is_text else base64.b64decode(event["body"])) == body


@pytest.fixture(scope="module")
def url_of_echo(aws: Aws, role: str) -> str:
    aws("lambda").create_function(
        FunctionName="url-echo", Runtime=RUNTIME, Role=role, Handler="app.handler", Code={"ZipFile": make_zip(EVENT)}
    )
    return open_url(aws, "url-echo")


def test_the_limit_counts_the_event_not_the_body(aws: Aws, deploy: Deploy) -> None:
    url = open_url(aws, deploy("import json\ndef handler(e, c):\n    return {'n': len(e['body'])}\n"))
    headers = {"Content-Type": "text/plain", "User-Agent": "u", "Accept": "*/*"}
    assert requests.post(url, data=b"x" * 6_280_000, headers=headers, timeout=60).json() == {"n": 6_280_000}
    # the same number of bytes, but every one of them is escaped in the event
    refused = requests.post(url, data=b'"' * 6_280_000, headers=headers, timeout=60)
    assert refused.status_code == 413
    assert "Message" in refused.json()
    binary = {"Content-Type": "application/octet-stream"}
    assert requests.post(url, data=b"x" * 4_800_000, headers=binary, timeout=60).status_code == 413
    assert requests.post(url, data=b"x" * (LIMIT + 1), headers=headers, timeout=60).status_code == 413


def test_the_limit_is_exact_to_the_byte(aws: Aws, deploy: Deploy) -> None:
    size = "import json\ndef handler(e, c):\n    return len(json.dumps(e, separators=(',', ':'), ensure_ascii=False))\n"
    url = urlsplit(open_url(aws, deploy(size)))

    def post(count: int) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)
        length = f"{count:07d}"
        connection.request("POST", url.path, b"x" * count, {"Content-Type": "text/plain", "Content-Length": length})
        answer = connection.getresponse()
        return answer.status, answer.read()

    _, measured = post(1000)
    fitting = LIMIT - int(measured) + 1000
    assert post(fitting)[0] == 200
    assert post(fitting + 1)[0] == 413


@pytest.mark.parametrize(
    ("result", "status", "body", "content_type"),
    [
        ("{'statusCode': 201, 'headers': {'Content-Type': 'text/plain'}, 'body': 'hi'}", 201, b"hi", "text/plain"),
        ("{'statusCode': 200, 'body': 'aGk=', 'isBase64Encoded': True}", 200, b"hi", "application/json"),
        ("{'statusCode': 403}", 403, b"", "application/json"),
        ("{'any': 'json'}", 200, b'{"any": "json"}', "application/json"),
        ("'text'", 200, b"text", "application/json"),
        ("{'statusCode': 'abc'}", 502, b"Internal Server Error", "application/json"),
        ("1 / 0", 502, b"Internal Server Error", "application/json"),
    ],
)  # fmt: skip
def test_how_results_become_answers(
    aws: Aws, deploy: Deploy, result: str, status: int, body: bytes, content_type: str
) -> None:
    answer = requests.post(open_url(aws, deploy(f"def handler(event, context):\n    return {result}\n")), timeout=60)
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (status, body, content_type)
