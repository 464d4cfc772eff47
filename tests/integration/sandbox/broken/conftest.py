"""A sandbox with something of its own in each service."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from azure.cosmos import CosmosClient, PartitionKey

from l3kit.clouds.azure.control.calls import blob_client
from l3kit.sandbox import SandboxState, status
from l3kit.sandbox.azure.account import COSMOS_KEY
from l3kit.sandbox.azure.part import azure_session
from l3kit.sandbox.gcp.identity import operator_token
from l3kit.sandbox.gcp.part import gcp_session
from l3kit.sandbox.messages.client import start_broker
from l3kit.sandbox.state import Home
from tests.integration.sandbox.aws.test_function_urls import open_url
from tests.integration.sandbox.broken.templates import templates
from tests.integration.sandbox.broken.world import World
from tests.integration.sandbox.conftest import RUNTIME, make_zip
from tests.support.cloud_functions import HOSTS, azure_zip, definition
from tests.support.google_clients import documents_client, storage_client
from tests.support.google_functions import put_function

AZURE_APP = """
    import azure.functions as func
    import package.parts

    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


    @app.route(route="run")
    def run(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(str(len(req.get_body())))
"""
GCP_MAIN = "import package.parts\n\ndef main(request):\n    return str(len(request.get_data()))\n"
AWS_APP = "import package.parts\n\ndef handler(event, context):\n    return len(str(event))\n"
PACKAGE = {"package/parts.py": "VALUE = 1\n"}
"""A folder of each function's zip, which the sandbox unpacks into shared code."""


@pytest.fixture(scope="module")
def world(all_clouds: SandboxState, aws: Callable[[str], Any], role: str) -> World:
    state, name = all_clouds, f"kept-{uuid.uuid4().hex[:8]}"
    hot = aws("dynamodb")
    key = {"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "id", "AttributeType": "S"}
    hot.create_table(TableName=name, KeySchema=[key[0]], AttributeDefinitions=[key[1]], BillingMode="PAY_PER_REQUEST")
    hot.put_item(TableName=name, Item={"id": {"S": "kept"}, "v": {"N": "1.50"}})
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="kept", Body=b"kept")
    functions = aws("lambda")
    functions.create_function(
        FunctionName=name, Runtime=RUNTIME, Role=role, Handler="app.handler",
        Code={"ZipFile": make_zip(AWS_APP, **PACKAGE)},
        Timeout=60,  # whatever else runs on this machine: Lambda ends a process that takes too long
    )  # fmt: skip
    open_url(aws, name)
    functions.invoke(FunctionName=name, Payload=b"{}")
    start_broker(state.gateway)
    cosmos = CosmosClient(state.endpoints["cosmos"], COSMOS_KEY, enable_endpoint_discovery=False)
    items = cosmos.create_database_if_not_exists(name).create_container(name, PartitionKey("/id"))
    items.create_item({"id": "kept", "v": 1.5})
    azure = azure_session(state)
    blobs = blob_client(azure).create_container(name)
    blobs.upload_blob("kept", b"kept")
    google = gcp_session(state)
    gcs = storage_client(google).bucket(name)
    gcs.iam_configuration.uniform_bucket_level_access_enabled = True
    gcs.create()
    gcs.blob("kept").upload_from_string(b"kept")
    documents = documents_client(google).collection(name)
    documents.document("kept").set({"v": 1.5})
    azure_functions = HOSTS["azure"](state.gateway)
    azure_functions.put(name, definition(), azure_zip(AZURE_APP, **PACKAGE))
    put_function(google, name, GCP_MAIN, PACKAGE)

    def kept() -> dict[str, Any]:
        return {
            "dynamodb": hot.get_item(TableName=name, Key={"id": {"S": "kept"}})["Item"],
            "s3": s3.get_object(Bucket=name, Key="kept")["Body"].read(),
            "lambda": json.loads(functions.invoke(FunctionName=name, Payload=b"{}")["Payload"].read()),
            "iam": aws("iam").get_role(RoleName="sandbox-tests")["Role"]["Arn"],
            "cosmos": items.read_item("kept", "kept")["v"],
            "blob": blobs.download_blob("kept").readall(),
            "storage": gcs.blob("kept").download_as_bytes(),
            "firestore": documents.document("kept").get().to_dict(),
            "azure": azure_functions.invoke(name, b"abc", timeout=60),
            "gcp": google.functions.invoke(name, b"abc", timeout=60),
        }

    def halves() -> dict[str, list[str]]:
        return {
            "dynamodb": [i["id"]["S"] for i in hot.scan(TableName=name)["Items"]],
            "s3": [o["Key"] for o in s3.list_objects_v2(Bucket=name)["Contents"]],
            "cosmos": [i["id"] for i in items.read_all_items()],
            "blob": [b.name for b in blobs.list_blobs()],
            "storage": [b.name for b in gcs.list_blobs()],
        }

    with_dynamodb = status(state.home)
    assert with_dynamodb is not None
    owner = operator_token(Home(state.home).cloud("gcp")).encode()
    return World(with_dynamodb, name, kept, halves, templates(name, owner))
