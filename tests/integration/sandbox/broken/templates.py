"""What each port of the sandbox understands."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from azure.storage.blob import generate_container_sas

from l3kit.sandbox.aws.upstream import authorization
from l3kit.sandbox.azure.account import STORAGE_ACCOUNT, STORAGE_KEY
from l3kit.sandbox.gcp.account import PROJECT
from tests.integration.sandbox.conftest import RUNTIME
from tests.support.broken.whole import Whole

JSON = (b"Content-Type", b"application/json")
FORM = (b"Content-Type", b"application/x-www-form-urlencoded")
FORM_DATA = (b"Content-Type", b"multipart/form-data; boundary=b")
CONTEXT = (b"X-Amz-Client-Context", b"eyJjdXN0b20iOiB7fX0=")
ADMIN = (b"X-L3kit-Sandbox", b"1")
QUERY = (b"x-ms-documentdb-isquery", b"True")
COSMOS = (JSON, (b"x-ms-documentdb-partitionkey", b'["MARK"]'), (b"Authorization", b"type%3dmaster"))
DEPLOYMENT = (
    b'--b\r\nContent-Disposition: form-data; name="definition"\r\n\r\n'
    b'{"settings": {"INTER_CLOUD_TOKEN": "x"}}\r\n--b--\r\n'
)


def templates(name: str, owner: bytes) -> dict[str, list[Whole]]:
    """What each port understands, by the name that `World.ports` gives it.

    Args:
        owner: token of the owner of Google Cloud's project.
    """
    text, at = name.encode(), f"/devstoreaccount1/{name}"
    put_item = json.dumps({"TableName": name, "Item": {"id": {"S": "MARK"}, "token": {"S": "x"}}}).encode()
    target = b"DynamoDB_20120810."
    dynamodb = [
        Whole(b"POST", b"/", (*signed("dynamodb"), (b"X-Amz-Target", target + b"PutItem")), put_item),
        Whole(
            b"POST",
            b"/",
            (*signed("dynamodb"), (b"X-Amz-Target", target + b"BatchExecuteStatement")),
            b'{"Statements": [{"Statement": "DELETE FROM t WHERE id=?", "Parameters": [{"S": "MARK"}]}]}',
        ),
        Whole(
            b"POST", b"/", (*signed("dynamodb"), (b"X-Amz-Target", target + b"DescribeTable")), b'{"TableName": "MARK"}'
        ),
    ]
    variables = {"Environment": {"Variables": {"INTER_CLOUD_TOKEN": "x"}}, "FunctionName": "MARK", "Runtime": RUNTIME}
    aws = [
        Whole(b"PUT", b"/" + text + b"/MARK", signed("s3"), b"a body of an object"),
        Whole(b"GET", b"/" + text + b"?list-type=2", signed("s3")),
        Whole(b"POST", b"/2015-03-31/functions/" + text + b"/invocations", (*signed("lambda"), CONTEXT), b'{"a": 1}'),
        Whole(b"POST", b"/2015-03-31/functions", signed("lambda"), json.dumps(variables).encode()),
        Whole(b"POST", b"/schedules/MARK", signed("scheduler"), b'{"ScheduleExpression": "rate(1 day)"}'),
        Whole(b"POST", b"/rules/MARK", signed("iot"), b'{"sql": "SELECT 1", "actions": []}'),
        Whole(b"POST", b"/topics/MARK", signed("iotdata"), b"a message"),
        Whole(b"POST", b"/", (*signed("iam"), FORM), b"Action=GetUser&Version=2010-05-08"),
        Whole(b"POST", b"/", (*signed("sts"), FORM), b"Action=GetCallerIdentity&Version=2011-06-15"),
        Whole(b"POST", b"/", (*signed("logs"), (b"X-Amz-Target", b"Logs_20140328.DescribeLogGroups")), b"{}"),
    ]
    functions = [
        Whole(b"POST", b"/_fnurl/" + text + b"/", (JSON,), b"{}"),
        Whole(b"POST", b"/_azure/" + text + b"/api/run", (JSON,), b"{}"),
        Whole(b"POST", b"/_gcp/" + text, (JSON,), b"{}"),
        Whole(b"PUT", b"/_sandbox/functions/azure/MARK", (ADMIN, FORM_DATA), DEPLOYMENT),
        Whole(
            b"POST", b"/_sandbox/broker/messages", (ADMIN, JSON), b'[{"topic": "t", "client": "c", "payload": "eA=="}]'
        ),
        Whole(
            b"PUT", b"/_sandbox/messages/azure/MARK", (ADMIN, JSON), b'{"owner": "", "topics": "a", "function": "f"}'
        ),
        Whole(b"POST", b"/_sandbox/faults", (ADMIN, JSON), b'{"caller": "nobody", "action": "watch"}'),
        Whole(b"POST", b"/_sandbox/clouds", (ADMIN, JSON), b'{"cloud": "aws"}'),
        Whole(b"GET", b"/_sandbox/health"),
    ]
    cosmos = [
        Whole(b"POST", f"/dbs/{name}/colls/{name}/docs".encode(), COSMOS, b'{"id": "MARK", "token": "x"}'),
        Whole(b"POST", f"/dbs/{name}/colls/{name}/docs".encode(), (*COSMOS, QUERY), b'{"query": "SELECT * FROM c"}'),
        Whole(b"GET", b"/"),
    ]
    sas = generate_container_sas(
        STORAGE_ACCOUNT, name, account_key=STORAGE_KEY, permission="rwl", expiry=datetime.now(UTC) + timedelta(days=1)
    ).encode()
    blob = [
        Whole(b"PUT", at.encode() + b"/MARK?" + sas, ((b"x-ms-blob-type", b"BlockBlob"),), b"a body of a blob"),
        Whole(b"GET", at.encode() + b"?restype=container&comp=list&" + sas),
    ]
    gcs = b"/upload/storage/v1/b/" + text + b"/o?uploadType="
    related = (b"Content-Type", b"multipart/related; boundary=b")
    parts = b'--b\r\nContent-Type: application/json\r\n\r\n{"name": "MARK"}\r\n--b\r\n\r\ncontent\r\n--b--'
    storage_ = [
        Whole(b"POST", gcs + b"media&name=MARK", (), b"a body of an object"),
        Whole(b"POST", gcs + b"multipart", (related,), parts),
        Whole(b"POST", gcs + b"resumable", (JSON,), b'{"name": "MARK"}'),
        Whole(b"GET", b"/storage/v1/b/" + text + b"/o"),
    ]
    many = Whole(b"POST", b"/many", signed("dynamodb"), b'[{"target": "ListTables", "content": {}}]')
    return {
        "gateway": [*dynamodb, *aws, *functions],
        "moto": aws,
        "dynalite": [*dynamodb, many],
        "iothub": [Whole(b"POST", b"/twins/MARK/methods", (JSON,), b'{"methodName": "m"}')],
        "mqtt": [Whole(b"POST", b"/", (JSON,), b"{}")],
        "cosmos": cosmos,
        "cosmos server": cosmos,
        "blob": blob,
        "azurite": blob,
        "storage": storage_,
        "gcp_control": google_control((JSON, (b"Authorization", b"Bearer " + owner))),
        "metadata": [Whole(b"GET", b"/computeMetadata/v1/project/project-id", ((b"Metadata-Flavor", b"Google"),))],
        "firestore": [Whole(b"POST", b"/google.firestore.v1.Firestore/Commit", (JSON,), b"{}")],
        "azure function": [Whole(b"POST", b"/api/run", (JSON,), b"{}")],
        "gcp function": [Whole(b"POST", b"/", (JSON,), b"{}")],
        "runtime function": [
            Whole(b"POST", b"/2018-06-01/runtime/invocation/x/response", (JSON,), b"{}"),
            Whole(b"GET", b"/2018-06-01/runtime/invocation/next"),
            Whole(b"POST", b"/2018-06-01/runtime/init/error", (JSON,), b'{"errorType": "x", "errorMessage": "x"}'),
        ],
    }


def google_control(headers: tuple[tuple[bytes, bytes], ...]) -> list[Whole]:
    """What Google Cloud's control plane understands."""
    project = b"v1/projects/" + PROJECT.encode()
    role = b'{"roleId": "MARK", "role": {"includedPermissions": ["run.routes.invoke"]}}'
    policy = b'{"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["user:MARK@example.com"]}]}}'
    bucket = b'{"name": "MARK", "labels": {"a": "b"}}'
    return [
        Whole(b"POST", b"/iam.googleapis.com/" + project + b"/roles", headers, role),
        Whole(b"PUT", b"/pubsub.googleapis.com/" + project + b"/topics/MARK", headers, b"{}"),
        Whole(b"POST", b"/pubsub.googleapis.com/" + project + b"/topics/MARK:setIamPolicy", headers, policy),
        Whole(b"POST", b"/storage.googleapis.com/storage/v1/b?project=" + PROJECT.encode(), headers, bucket),
        Whole(b"GET", b"/storage.googleapis.com/storage/v1/b?project=MARK", headers),
        Whole(b"PUT", b"/storage.googleapis.com/gcf-v2-uploads-1/MARK?Signature=MARK", (), b"a zip"),
    ]


def signed(service: str) -> tuple[tuple[bytes, bytes], ...]:
    kind = (b"Content-Type", b"application/x-amz-json-1.0")
    return (b"Authorization", authorization(service).encode()), kind
