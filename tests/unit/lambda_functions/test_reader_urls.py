"""The readers' addresses: what the entry point of each cloud makes of an HTTP request."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import azure.functions as func
import flask
import pytest
from awslambdaric.lambda_runtime_marshaller import to_json

from l3kit.clouds.aws.data.entry import build as build_aws
from l3kit.clouds.aws.data.variables import VARIABLES
from l3kit.clouds.azure.data.entry import build as build_azure
from l3kit.clouds.gcp.data.entry import build as build_gcp
from l3kit.errors import ConfigurationError
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.settings.function_table import further_variables
from l3kit.tiering.settings.loading import load_settings
from l3kit.twin.layout import READERS
from tests.support.lambda_calls import INFO, Context, environment
from tests.support.memory_stores import MemoryHotStore
from tests.support.wire_server import TOKEN

EXACT = "12345678901234567890.123456789012345670"
ITEM = f'{{"iotDeviceId":"a b/传","id":"2026-05-31T08:30:00Z","v":{EXACT}}}'
QUERY = "device=a+b%2F%E4%BC%A0&start=2026-05-31T10:30:00+02:00"
DIRECT = {"iot_device_id": "a b/传"}
PLACES = dict.fromkeys(("COSMOS_ENDPOINT", "COSMOS_DATABASE_NAME", "STORAGE_ACCOUNT_URL", "COSMOS_CONTAINER_NAME"), "x")
PLACES |= dict.fromkeys(("FIRESTORE_COLLECTION_NAME", "FIRESTORE_DATABASE", "GOOGLE_CLOUD_PROJECT"), "x")
Answer = tuple[int, bytes]


def variables(reader_urls: bool) -> dict[str, str]:
    info = {**INFO, "config": {**INFO["config"], "reader_urls": reader_urls}}  # type: ignore[dict-item]
    return {**environment(DIGITAL_TWIN_INFO=json.dumps(info)), **PLACES}


@pytest.fixture
def stores() -> Openers:
    def none(*args: Any) -> Any:
        raise AssertionError("a reader opens the hot store alone")

    hot = MemoryHotStore()
    asyncio.run(hot.put_items("a b/传", [ITEM.encode()]))
    return Openers(lambda _: hot, none, none)


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_takes_a_token_and_former_ones_only_where_it_has_an_address(reader: str) -> None:
    for reader_urls in (True, False):
        env = {**variables(reader_urls), "INTER_CLOUD_TOKEN_PREVIOUS": "2026-11-28T17:00:00Z former"}
        settings = load_settings(reader, env, cloud=VARIABLES)
        assert (settings.takes_token, len(settings.former)) == (reader_urls, reader_urls)
        allowed = further_variables(reader, has_address=reader_urls)
        assert ("INTER_CLOUD_TOKEN_PREVIOUS" in allowed) == reader_urls
    assert not load_settings("hot-to-cold-mover", variables(True), cloud=VARIABLES).takes_token


def test_a_setting_that_is_neither_true_nor_false_is_refused() -> None:
    info = {**INFO, "config": {**INFO["config"], "reader_urls": "yes"}}  # type: ignore[dict-item]
    with pytest.raises(ConfigurationError, match=r"config\.reader_urls must be true or false, not 'yes'"):
        load_settings("hot-reader", environment(DIGITAL_TWIN_INFO=json.dumps(info)), cloud=VARIABLES)


def test_an_answer_full_of_quotes_and_backslashes_stays_below_lambdas_limit() -> None:
    text = '\\"' * 30_000
    items = [
        json.dumps({"iotDeviceId": "d", "id": f"2026-05-31T08:{minute:02d}:00Z", "t": text}) for minute in range(60)
    ]
    hot = MemoryHotStore()
    asyncio.run(hot.put_items("d", [item.encode() for item in items]))
    stores = Openers(lambda _: hot, lambda _: None, lambda *_: None)  # type: ignore[arg-type, return-value]
    answer = build_aws("hot-reader", variables(True), stores)(url_event("device=d", TOKEN, "GET"), Context())
    assert 3_000_000 < len(base64.b64decode(answer["body"])) < len(to_json(answer).encode()) < 6_291_556


# --- AWS --------------------------------------------------------------------------------------------------------


def url_event(query: str, token: str, method: str) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": "/",
        "rawQueryString": query,
        "queryStringParameters": {"device": "merged,values"},
        "headers": {"x-inter-cloud-token": token},
        "requestContext": {"http": {"method": method, "path": "/"}},
        "isBase64Encoded": False,
    }


def by_url(stores: Openers, query: str, token: str, method: str, reader_urls: bool) -> Answer:
    handler = build_aws("hot-reader", variables(reader_urls), stores)
    answer = handler(url_event(query, token, method), Context())
    assert (answer["headers"]["content-type"], answer["isBase64Encoded"]) == ("application/json", True)
    return answer["statusCode"], base64.b64decode(answer["body"])


def by_lambda(stores: Openers, reader_urls: bool) -> Any:
    return build_aws("hot-reader", variables(reader_urls), stores)(DIRECT, Context())


# --- Azure ------------------------------------------------------------------------------------------------------


class Invocation:
    """An invocation's context on Azure."""

    invocation_id = "request-1"


def azure_routes(stores: Openers, reader_urls: bool) -> dict[str, Any]:
    """Of each route, how it is authorised and its code."""
    app = build_azure("hot-reader", Path(), variables(reader_urls), stores)
    functions = [one.get_dict_repr() | {"run": one.get_user_function()} for one in app.get_functions()]
    triggers = {one["bindings"][0]["route"]: (one["bindings"][0]["authLevel"], one["run"]) for one in functions}
    return {route: (level.value, run) for route, (level, run) in triggers.items()}


def by_route(stores: Openers, query: str, token: str, method: str, reader_urls: bool) -> Answer:
    level, run = azure_routes(stores, reader_urls)["hot-reader"]
    assert level == "anonymous"
    url = f"https://plant.example/api/hot-reader?{query}"
    headers = {"X-Inter-Cloud-Token": token}
    answer = run(func.HttpRequest(method=method, url=url, headers=headers, body=b""), Invocation())
    return answer.status_code, answer.get_body()


# --- Google Cloud -----------------------------------------------------------------------------------------------


def by_service(stores: Openers, query: str, token: str, method: str, reader_urls: bool, body: bytes = b"") -> Answer:
    handler = build_gcp("hot-reader", Path(), variables(reader_urls), stores)
    headers = {"X-Inter-Cloud-Token": token}
    with flask.Flask("reader").test_request_context(f"/?{query}", method=method, headers=headers, data=body):
        answer = handler(flask.request)
    return answer.status_code, answer.get_data()


CLOUDS = {"aws": by_url, "azure": by_route, "gcp": by_service}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_address_answers_what_a_direct_invocation_does(cloud: str, stores: Openers) -> None:
    status, body = CLOUDS[cloud](stores, QUERY, TOKEN, "GET", True)
    assert status == 200
    assert EXACT.encode() in body
    assert json.loads(body) == {"items": [json.loads(ITEM)], "next": None, "complete": True}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_address_refuses_strangers_other_methods_and_nonsense(cloud: str, stores: Openers) -> None:
    asked = CLOUDS[cloud]
    assert asked(stores, QUERY, "wrong", "POST", True)[0] == 403
    assert asked(stores, QUERY, TOKEN, "POST", True)[0] == 405
    status, body = asked(stores, "device=%ff", TOKEN, "GET", True)
    assert (status, json.loads(body)["field"]) == (400, "device")


def test_without_addresses_a_url_made_by_hand_refuses_everybody(stores: Openers) -> None:
    assert by_url(stores, QUERY, TOKEN, "GET", False)[0] == 403
    assert by_lambda(stores, False)["complete"]


def test_a_direct_invocation_stays_what_it_is_on_lambda_and_azure(stores: Openers) -> None:
    assert by_lambda(stores, True)["items"][0]["id"] == "2026-05-31T08:30:00Z"
    for reader_urls in (True, False):
        routes = azure_routes(stores, reader_urls)
        assert set(routes) == ({"run", "hot-reader"} if reader_urls else {"run"})
        level, run = routes["run"]
        assert level == "function"
        request = func.HttpRequest(method="POST", url="https://x", headers={}, body=json.dumps(DIRECT).encode())
        assert json.loads(run(request, Invocation()).get_body())["complete"]


def test_on_google_cloud_everything_needs_the_token_where_anybody_may_call(stores: Openers) -> None:
    body = json.dumps(DIRECT).encode()
    assert by_service(stores, "", "", "POST", False, body)[0] == 200, "Cloud Run has looked at the caller"
    assert by_service(stores, "", "", "POST", True, body)[0] == 403
    assert by_service(stores, "", TOKEN, "POST", True, body)[0] == 405
