"""What functions do at start-up with missing or wrong settings, and those of Azure and Google Cloud with requests."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import flask
import pytest

from l3kit.clouds.aws.data import entry as aws_entry
from l3kit.clouds.azure.data import entry as azure_entry
from l3kit.clouds.gcp.data import entry as gcp_entry
from l3kit.errors import ConfigurationError, MissingConnectionError, StoreError
from l3kit.providers import provider
from l3kit.tiering.format.canary import canary_message
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.receiver_limit import BYTES_VARIABLE, COUNTS_VARIABLE, ReceiverLimit
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.settings.function_table import (
    FUNCTIONS,
    SCHEDULE_VARIABLE,
    TIMEOUT_VARIABLE,
    peers_of,
    variables_for,
)
from l3kit.tiering.settings.loading import load_settings
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.connection import credentials
from tests.support.lambda_calls import chain_info, info_with
from tests.support.memory_stores import MemoryHotStore, MemoryJournalStore, MemoryObjectStore
from tests.support.wire_server import TOKEN

CODE = Path(__file__).parents[3] / "lambda_code"
CLOUDS = ("aws", "azure", "gcp")
OTHERS = ("azure", "gcp")
"""Those whose functions tell their own time limit and are called over HTTP."""
VALUES = {"INTER_CLOUD_TOKEN": TOKEN, TIMEOUT_VARIABLE: "900"}
VALUES |= {SCHEDULE_VARIABLE: "0 0 3 * * *", "REMOTE_COLD_WRITER_URL": "http://127.0.0.1:9/"}
VALUES |= ReceiverLimit(64_000_000, "body").variables()
VALUES |= {"REMOTE_ARCHIVE_WRITER_URL": "http://127.0.0.1:9/", "REMOTE_INGESTION_URL": "http://127.0.0.1:9/"}
VALUES |= {"REMOTE_WRITER_URL": "http://127.0.0.1:9/", "REMOTE_FEEDBACK_URL": "http://127.0.0.1:9/"}
ALWAYS_ABROAD = {"connector"}
"""Senders that are deployed only where the next layer is on another cloud."""


def names_of(cloud: str, function: str, *, remote: bool = False) -> Sequence[str]:
    apart = function in ALWAYS_ABROAD
    peers = peers_of(function, l1_apart=apart, events=False)
    variables = provider(cloud).variables
    return variables_for(function, cloud=variables, remote=remote or apart, archive_here=False, peers=peers)


TABLE = [(cloud, function, name) for cloud in CLOUDS for function in FUNCTIONS for name in names_of(cloud, function)]
OPTIONAL = {"INTER_CLOUD_TOKEN", BYTES_VARIABLE, COUNTS_VARIABLE}
"""A receiver without a token starts, and answers 403 to everything; without a limit a sender takes the least."""


def env_of(cloud: str, function: str, *, remote: bool = False, **changes: str | None) -> dict[str, str]:
    """Exactly what the deployer injects; None removes one."""
    env = {name: VALUES.get(name, f"the-{name.lower()}") for name in names_of(cloud, function, remote=remote)}
    env["DIGITAL_TWIN_INFO"] = (
        chain_info(l1=cloud, l2="gcp" if cloud == "aws" else "aws")
        if (function in ALWAYS_ABROAD)
        else chain_info(l1=cloud, l2=cloud)
    )
    return {name: value for name, value in (env | changes).items() if value is not None}


def none(*args: Any) -> Any:
    raise AssertionError("a store was opened at start-up")


def start(cloud: str, function: str, env: Mapping[str, str], openers: Openers | None = None) -> Any:
    openers = openers or Openers(none, none, none)
    if cloud == "aws":
        return aws_entry.build(function, env, openers)
    build = azure_entry.build if cloud == "azure" else gcp_entry.build
    return build(function, CODE / cloud / function, env, openers)


@pytest.mark.parametrize("blank", [None, "", "  "])
@pytest.mark.parametrize(("cloud", "function", "name"), [row for row in TABLE if row[2] not in OPTIONAL])
def test_each_variable_of_the_table_is_needed(cloud: str, function: str, name: str, blank: str | None) -> None:
    with pytest.raises(ConfigurationError, match=name):
        start(cloud, function, env_of(cloud, function, **{name: blank}))


@pytest.mark.parametrize(("cloud", "function"), sorted({row[:2] for row in TABLE}))
def test_with_exactly_the_variables_of_the_table_a_function_starts(cloud: str, function: str) -> None:
    start(cloud, function, env_of(cloud, function))


@pytest.mark.parametrize("cloud", OTHERS)
@pytest.mark.parametrize("value", ["soon", "0", "-5", "nan", "inf"])
def test_a_time_limit_that_is_none_is_named(cloud: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=TIMEOUT_VARIABLE):
        start(cloud, "hot-to-cold-mover", env_of(cloud, "hot-to-cold-mover", **{TIMEOUT_VARIABLE: value}))


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize(("mover", "tier"), [("hot-to-cold-mover", "cold"), ("cold-to-archive-mover", "archive")])
def test_a_sender_abroad_needs_its_token_and_no_store_there(cloud: str, mover: str, tier: str) -> None:
    abroad = "gcp" if cloud == "aws" else "aws"
    info = info_with(**{"hot": cloud, "cold": cloud, "archive": cloud, tier: abroad})
    env = env_of(cloud, mover, remote=True, DIGITAL_TWIN_INFO=info)
    settings = load_settings(mover, env, cloud=provider(cloud).variables)
    assert (settings.remote_url, tier in settings.stores) == ("http://127.0.0.1:9/", False)
    assert settings.receiver_limit == ReceiverLimit(64_000_000, "body")
    del env["INTER_CLOUD_TOKEN"]
    for token in ({}, {"INTER_CLOUD_TOKEN": ""}, {"INTER_CLOUD_TOKEN": "  "}):
        with pytest.raises(MissingConnectionError, match="INTER_CLOUD_TOKEN"):
            start(cloud, mover, env | token)


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_importing_the_entry_file_is_the_start_up(cloud: str, function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = (CODE / cloud / function).glob("*.py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    monkeypatch.delenv("DIGITAL_TWIN_INFO", raising=False)
    with pytest.raises(RuntimeError, match="DIGITAL_TWIN_INFO"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    for name, value in env_of(cloud, function).items():
        monkeypatch.setenv(name, value)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert hasattr(module, {"aws": "lambda_handler", "azure": "app", "gcp": "main"}[cloud])


@pytest.mark.parametrize("cloud", CLOUDS)
def test_there_is_an_entry_file_for_every_function(cloud: str) -> None:
    assert {path.name for path in (CODE / cloud).iterdir() if path.is_dir()} == set(FUNCTIONS)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_starting_a_function_loads_no_store_and_nothing_of_the_operators(cloud: str) -> None:
    slow = ["boto3", "pandas", "pydantic", "azure.cosmos", "azure.storage.blob", "google.cloud.firestore"]
    slow += ["google.cloud.storage", "grpc", "l3kit.session", "l3kit.deploy", f"l3kit.clouds.{cloud}.cloud"]
    slow += ["requests"] if cloud == "aws" else []
    code = f"import sys, l3kit.clouds.{cloud}.data.entry; print([m for m in {slow} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- requests ---------------------------------------------------------------------------------------------------


class Host:
    """Calls a function of one cloud as that cloud's host does."""

    def __init__(self, cloud: str, function: str, **changes: str | None) -> None:
        self.cloud = cloud
        self.hot = MemoryHotStore()
        stores = {"cold": MemoryObjectStore("cold", "cold"), "archive": MemoryObjectStore("archive", "archive")}
        journal = MemoryJournalStore()
        openers = Openers(lambda _: self.hot, lambda _: journal, lambda _, tier: stores[tier])
        self.built = start(cloud, function, env_of(cloud, function, **changes), openers)

    @cached_property
    def functions(self) -> dict[str, Any]:
        return {function.get_function_name(): function for function in self.built.get_functions()}

    def call(self, method: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        if self.cloud == "gcp":
            with flask.Flask("test").test_request_context("/", method=method, data=body, headers=dict(headers)):
                response = self.built(flask.request)
            return response.status_code, json.loads(response.get_data())
        import azure.functions as func

        request = func.HttpRequest(method=method, url="/api/run", headers=dict(headers), body=body)
        answer = self.functions["http"].get_user_function()(request, AzureContext())
        return answer.status_code, json.loads(answer.get_body())


class AzureContext:
    invocation_id = "invocation-1"


@pytest.mark.parametrize("cloud", OTHERS)
@pytest.mark.parametrize("function", ["cold-writer", "archive-writer"])
def test_a_writer_answers_with_a_json_error(cloud: str, function: str) -> None:
    host, known = Host(cloud, function), {"x-inter-cloud-token": TOKEN}
    for status, method, headers in (
        (403, "POST", {}),
        (403, "POST", {"X-Inter-Cloud-Token": "wrong"}),
        (405, "GET", known),
        (400, "POST", known),
    ):
        answered, told = host.call(method, b"", headers)
        assert (answered, "error" in told) == (status, True), told


@pytest.mark.parametrize("cloud", OTHERS)
@pytest.mark.parametrize("function", ["cold-writer", "archive-writer"])
def test_a_writer_of_signed_links_admits_by_its_own_name_whatever_url_it_sees(cloud: str, function: str) -> None:
    host = Host(cloud, function, LINK_AUTH="signature")
    for name, status in ((function, 400), ("hot-reader", 403)):
        signed = credentials(Secret(TOKEN), f"/{name}", b"{}", datetime.now(UTC))
        assert host.call("POST", b"{}", signed)[0] == status
    assert host.call("POST", b"{}", {"x-inter-cloud-token": TOKEN})[0] == 403


@pytest.mark.parametrize("cloud", OTHERS)
@pytest.mark.parametrize("function", ["cold-writer", "archive-writer"])
@pytest.mark.parametrize("token", [None, "", " "])
def test_a_writer_without_token_starts_and_refuses_everything(cloud: str, function: str, token: str | None) -> None:
    host = Host(cloud, function, INTER_CLOUD_TOKEN=token)
    for given in ("", " ", TOKEN):
        assert host.call("POST", b"{}", {"X-Inter-Cloud-Token": given})[0] == 403


@pytest.mark.parametrize("cloud", OTHERS)
@pytest.mark.parametrize("mover", ["hot-to-cold-mover", "cold-to-archive-mover"])
def test_a_mover_whose_store_fails_answers_500_with_a_json_error(cloud: str, mover: str) -> None:
    def fail(*args: Any) -> Any:
        raise StoreError("the store", "cannot be reached", "Look at its log")

    host = Host(cloud, mover)
    host.built = start(cloud, mover, env_of(cloud, mover), Openers(fail, fail, fail))
    status, told = host.call("POST", b"{}", {})
    assert (status, "the store: cannot be reached" in told["error"]) == (500, True), told


@pytest.mark.parametrize("cloud", OTHERS)
def test_a_mover_takes_the_time_of_its_body(cloud: str) -> None:
    host = Host(cloud, "hot-to-cold-mover")
    asyncio.run(host.hot.put_items("sensor-1", [b'{"iotDeviceId":"sensor-1","id":"2024-01-01T00:00:00Z"}']))
    assert host.call("POST", b'{"time": "never"}', {})[0] == 400
    status, report = host.call("POST", b'{"time": "2024-03-01T00:00:00Z"}', {})
    assert (status, report["items"], report["verdict"]) == (200, 1, "complete")


@pytest.mark.parametrize("cloud", OTHERS)
def test_a_canary_run_moves_the_canary_alone(cloud: str) -> None:
    host = Host(cloud, "hot-to-cold-mover")
    asyncio.run(host.hot.put_items("sensor-1", [b'{"iotDeviceId":"sensor-1","id":"2024-01-01T00:00:00Z"}']))
    asyncio.run(host.hot.put_items(CANARY_DEVICE, [canary_message("0" * 32, "2024-01-01T00:00:00Z")]))
    status, report = host.call("POST", b'{"canary": true}', {})
    assert (status, [device["device_id"] for device in report["devices"]]) == (200, [CANARY_DEVICE])


def test_cloud_schedulers_header_tells_the_time_of_a_run() -> None:
    host = Host("gcp", "hot-to-cold-mover")
    report = host.call("POST", b"{}", {"X-CloudScheduler-ScheduleTime": "2024-03-01T00:00:00Z"})[1]
    assert report["cutoff"] == "2024-01-31T00:00:00Z"


def test_azures_triggers_are_those_of_the_role() -> None:
    for function, spec in FUNCTIONS.items():
        found = {name: f.get_trigger().get_dict_repr() for name, f in Host("azure", function).functions.items()}
        level = getattr(found["http"]["authLevel"], "name", found["http"]["authLevel"])
        assert str(level).upper() == ("ANONYMOUS" if spec.role == "writer" else "FUNCTION")
        assert ("timer" in found) == spec.is_scheduled
        assert ("events" in found) == (spec.role == "source")
        if spec.is_scheduled:
            assert found["timer"]["schedule"] == f"%{SCHEDULE_VARIABLE}%"
