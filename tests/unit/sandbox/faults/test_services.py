"""Requests are told apart by service, and failures come in each service's own words, which its SDK understands."""

from __future__ import annotations

import json

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from l3kit.clouds.azure.data.stores import agent_of as azure_agent
from l3kit.clouds.gcp.data.stores import agent_of as gcp_agent
from l3kit.sandbox.aws import faults as aws
from l3kit.sandbox.azure.faults import BlobCalls, CosmosCalls
from l3kit.sandbox.faults.services import CALLS, Calls, Service, agent_caller, caller_of, function_of, service_of
from l3kit.sandbox.gcp.faults import StorageCalls
from l3kit.sandbox.upstream import BODY

FORMS: dict[str, Service] = {
    "cosmos": CosmosCalls("cosmos"),
    "blob": BlobCalls("blob"),
    "storage": StorageCalls("storage"),
}


def request(method: str, path: str, service: str = "", body: bytes = b"", **headers: str) -> web.Request:
    app = web.Application()
    form = FORMS.get(service, Service(service))
    app[CALLS] = Calls(lambda request: form) if service else Calls(aws.service_of, aws.caller_of)
    made = make_mocked_request(method, path, {name.replace("_", "-"): text for name, text in headers.items()}, app=app)
    made[BODY] = body
    return made


PUT_ITEM = {"TableName": "journal", "Item": {"name": {"S": "d"}, "entry_state": {"S": "open"}}}
STATEMENTS = {"Statements": [{"Statement": 'DELETE FROM "hot" WHERE "id"=?', "Parameters": [{"S": "a"}]}] * 2}
PUT_BACK = {"Statements": [{"Statement": "INSERT INTO \"hot\" VALUE {'id': ?}", "Parameters": [{"S": "a"}]}]}
DESCRIBED = [
    (
        request("POST", "/", body=json.dumps(PUT_ITEM).encode(), X_Amz_Target="DynamoDB_20120810.PutItem"),
        "dynamodb PutItem journal d open",
    ),
    (
        request("POST", "/", body=b'{"RequestItems": {"hot": []}}', X_Amz_Target="DynamoDB_20120810.BatchWriteItem"),
        "dynamodb BatchWriteItem hot",
    ),
    (
        request(
            "POST", "/", body=json.dumps(STATEMENTS).encode(), X_Amz_Target="DynamoDB_20120810.BatchExecuteStatement"
        ),
        "dynamodb BatchExecuteStatement hot DELETE",
    ),
    (
        request(
            "POST", "/", body=json.dumps(PUT_BACK).encode(), X_Amz_Target="DynamoDB_20120810.BatchExecuteStatement"
        ),
        "dynamodb BatchExecuteStatement hot INSERT",
    ),
    (request("PUT", "/bucket/key", x_amz_copy_source="b/k"), "s3 COPY bucket/key"),
    (request("GET", "/bucket?list-type=2"), "s3 LIST bucket"),
    (request("DELETE", "/bucket/key"), "s3 DELETE bucket/key"),
    (request("POST", "/_fnurl/cold-writer/"), "url POST cold-writer"),
    (request("POST", "/_azure/plant-cold-writer-1/api/cold-writer"), "url POST plant-cold-writer-1"),
    (request("POST", "/_gcp/plant-cold-writer"), "url POST plant-cold-writer"),
    (request("POST", "/dbs/d/colls/c/docs", "cosmos"), "cosmos POST dbs/d/colls/c/docs"),
    (request("POST", "/dbs/d", "cosmos", x_ms_cosmos_is_batch_request="True"), "cosmos BATCH dbs/d"),
    (request("POST", "/dbs/d", "cosmos", Content_Type="application/query+json"), "cosmos QUERY dbs/d"),
    (request("PUT", "/account/c/key", "blob"), "blob PUT account/c/key"),
    (request("PUT", "/account/c/key?comp=block", "blob"), "blob PUT block account/c/key"),
    (request("PUT", "/account/c/key", "blob", x_ms_copy_source="u"), "blob COPY account/c/key"),
    (request("GET", "/account/c?comp=list", "blob"), "blob LIST account/c"),
    (request("GET", "/account/c/key", "blob"), "blob GET account/c/key"),
    (request("POST", "/upload/storage/v1/b/c/o", "storage"), "storage POST upload/storage/v1/b/c/o"),
    (request("GET", "/items/1", "of-another-package"), "of-another-package GET items/1"),
]


@pytest.mark.parametrize(("asked", "words"), DESCRIBED, ids=[words for _, words in DESCRIBED])
def test_a_call_is_told_by_service_operation_and_object(asked: web.Request, words: str) -> None:
    assert service_of(asked).describe(asked) == words


def content(response: web.Response) -> str:
    assert isinstance(response.body, bytes)
    return response.body.decode()


@pytest.mark.parametrize("status", [500, 503])
def test_a_failure_has_its_services_form(status: int) -> None:
    def failed(service: str) -> web.Response:
        response = service_of(request("POST", "/x", service)).error(status)
        assert response.status == status
        return response

    assert (
        json.loads(content(failed("cosmos")))["code"] == {500: "InternalServerError", 503: "ServiceUnavailable"}[status]
    )
    code = {500: "InternalError", 503: "ServerBusy"}[status]
    blob = failed("blob")
    assert (f"<Code>{code}</Code>" in content(blob), blob.headers["x-ms-error-code"]) == (True, code)
    error = json.loads(content(failed("storage")))["error"]
    assert (error["code"], error["errors"][0]["reason"]) == (status, "backendError")


def test_throttling_has_its_services_form() -> None:
    def throttled(service: str) -> web.Response:
        return service_of(request("POST", "/x", service)).throttled()

    cosmos, blob, storage = throttled("cosmos"), throttled("blob"), throttled("storage")
    assert (cosmos.status, blob.status, storage.status) == (429, 503, 429)
    assert int(cosmos.headers["x-ms-retry-after-ms"]) > 0
    assert blob.headers["x-ms-error-code"] == "ServerBusy"
    assert json.loads(content(storage))["error"]["errors"][0]["reason"] == "rateLimitExceeded"
    function = service_of(request("POST", "/_azure/f/api/x")).throttled()
    assert (function.status, function.headers["Retry-After"]) == (429, "0")


def test_a_functions_name_is_read_from_its_address() -> None:
    assert function_of(request("POST", "/_azure/one/api/run")) == "one"
    assert function_of(request("POST", "/_gcp/two")) == "two"
    assert function_of(request("POST", "/bucket/_gcp/two")) == ""
    assert function_of(request("POST", "/_sandbox/functions/azure")) == ""


def test_a_caller_is_known_by_its_credentials_or_by_its_user_agent() -> None:
    assert caller_of(request("GET", "/b", X_Amz_Security_Token="l3kit/mover/instance-1")) == ("mover", "instance-1")
    azure = azure_agent({"WEBSITE_SITE_NAME": "plant-mover-0a1b2c3d", "WEBSITE_INSTANCE_ID": "0123456789abcdef"})
    assert caller_of(request("GET", "/b", "blob", User_Agent=f"{azure} azsdk-python/1"))[0] == "plant-mover-0a1b2c3d"
    gcp = gcp_agent({"K_SERVICE": "plant-mover", "K_REVISION": "plant-mover-0123abcd"})
    assert caller_of(request("GET", "/b", "storage", User_Agent=gcp))[0] == "plant-mover"
    assert agent_caller("python-requests/2.32") == ""
    assert caller_of(request("GET", "/b")) == ("", None)
