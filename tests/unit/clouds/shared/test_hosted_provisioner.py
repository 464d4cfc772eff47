"""What the clouds with a function host are asked to have: the same but for stores, settings and schedules."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials

from l3kit.clouds.azure.control.provisioner import AzureProvisioner
from l3kit.clouds.azure.session import AzureSession, IotHub
from l3kit.clouds.gcp.control.provisioner import GcpProvisioner
from l3kit.clouds.gcp.session import GcpSession
from l3kit.clouds.ports.function_host import Definition
from l3kit.clouds.ports.message_source import Route
from l3kit.clouds.shared.cloud_function import OTHER_TIMEOUT
from l3kit.clouds.shared.cloud_route import CloudRoute
from l3kit.clouds.shared.hosted_provisioner import MARGIN_SECONDS, HostedProvisioner
from l3kit.errors import MissingConnectionError, ProvisioningError
from l3kit.twin.layout import CHAIN, MOVERS, READERS, RECEIVERS, STORED
from tests.support.canned_control import CannedControl
from tests.support.deployed import links_of
from tests.support.memory_messages import MemoryMessages
from tests.support.twins import twin_on
from tests.unit.clouds.shared.test_cloud_function import MemoryHost

CLOUDS = ("azure", "gcp")
HUB = IotHub("hub.example", "Endpoint=sb://hub.example/;SharedAccessKey=secret", "events")


def provisioner(
    tmp_path: Path,
    cloud: str,
    layout: tuple[str, str, str],
    chain: tuple[str, str] | None = None,
    *,
    reader_urls: bool = False,
    feedback: bool = False,
) -> tuple[HostedProvisioner, MemoryHost]:
    twin = twin_on(tmp_path, *layout, chain=chain, reader_urls=reader_urls, feedback=feedback)
    host, messages = MemoryHost(), MemoryMessages()
    if cloud == "azure":
        cosmos, blob = "https://cosmos.example", "https://blob.example"
        azure = AzureSession("sub", "westeurope", cosmos, "key", blob, "key", host, messages, HUB)
        return AzureProvisioner(twin, azure, links_of(twin)), host
    return GcpProvisioner(twin, google(host), links_of(twin)), host


def google(host: MemoryHost) -> GcpSession:
    control, nobody = CannedControl(), AnonymousCredentials()
    return GcpSession("project", "europe-west1", None, None, host, MemoryMessages(), control, nobody)


def deployed(one: HostedProvisioner, host: MemoryHost, function: str) -> Any:
    """The definition that the host gets of a function."""
    (resource,) = (part for part in one.function_parts(function, tuple) if part.kind == "function")
    resource.update()
    return host.functions[resource.name].definition


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("mover", MOVERS)
def test_a_mover_has_the_schedule_and_ends_before_the_clouds_limit(tmp_path: Path, cloud: str, mover: str) -> None:
    one, host = provisioner(tmp_path, cloud, (cloud, cloud, cloud))
    found = deployed(one, host, mover)
    assert found.timeout == one.mover_timeout
    assert found.settings["FUNCTION_TIMEOUT_SECONDS"] == str(one.mover_timeout - MARGIN_SECONDS)
    assert not found.public
    expression = found.settings["MOVER_SCHEDULE"] if cloud == "azure" else one.schedules([mover])[0].schedule
    assert expression.split()[-5:] == ["0", "0", "*", "*", "*"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_mover_that_a_former_layout_left_over_has_no_schedule(tmp_path: Path, cloud: str) -> None:
    one, _ = provisioner(tmp_path, cloud, ("aws", "aws", "aws"))
    (resource,) = one.function_parts("hot-to-cold-mover", tuple)
    assert [job["schedule"] for job in getattr(resource, "schedules", ())] in ([], [""])


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("receiver", RECEIVERS)
def test_a_receiver_is_public_and_comes_with_its_address(tmp_path: Path, cloud: str, receiver: str) -> None:
    layouts = {"cold-writer": ("aws", cloud, cloud), "archive-writer": ("aws", "aws", cloud)}
    layout = layouts.get(receiver, (cloud, cloud, cloud))
    chain = {"writer": ("aws", "aws"), "ingestion": ("aws", cloud), "feedback-receiver": (cloud, "aws")}.get(receiver)
    one, _ = provisioner(tmp_path, cloud, layout, chain, feedback=receiver == "feedback-receiver")
    function, address = one.function_parts(receiver, tuple)
    assert (function.kind, address.kind) == ("function", "link address")
    timeout = one.chain_timeout if receiver in CHAIN else OTHER_TIMEOUT
    assert (getattr(function, "public", None), getattr(function, "timeout", None)) == (True, timeout)


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("reader", READERS)
def test_a_reader_is_public_only_where_the_twin_asks_for_addresses(tmp_path: Path, cloud: str, reader: str) -> None:
    one, _ = provisioner(tmp_path, cloud, (cloud, cloud, cloud))
    (function,) = one.function_parts(reader, tuple)
    assert not getattr(function, "public", None)
    one, _ = provisioner(tmp_path, cloud, (cloud, cloud, cloud), reader_urls=True)
    function, address = one.function_parts(reader, tuple)
    assert (getattr(function, "public", None), address.kind) == (True, "link address")
    assert one.left_over_addresses([reader]) == ()


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_stores_are_those_of_the_tiers_asked_for(tmp_path: Path, cloud: str) -> None:
    one, _ = provisioner(tmp_path, cloud, (cloud, cloud, cloud))
    assert one.stores(()) == []
    names = [resource.name for resource in one.stores(STORED)]
    assert len(set(names)) == len(names) == {"azure": 6, "gcp": 4}[cloud]
    assert [r.name for tier in STORED for r in one.stores((tier,))] == names
    assert all(resource.holds_data for resource in one.stores(STORED))


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_functions_code_and_settings_are_the_same_each_time(tmp_path: Path, cloud: str) -> None:
    one, _ = provisioner(tmp_path, cloud, (cloud, cloud, cloud))
    (resource,) = one.function_parts("hot-reader", tuple)
    resource.create()
    assert resource.compare().differences == ()


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_dispatcher_comes_with_the_route_of_its_messages_and_is_not_public(tmp_path: Path, cloud: str) -> None:
    one, _ = provisioner(tmp_path, cloud, (cloud, cloud, cloud), (cloud, cloud))
    function, found = one.function_parts("dispatcher", tuple)
    assert isinstance(found, CloudRoute)
    letters = {"azure": "", "gcp": one._names.store("letters")}[cloud]
    assert found.route == Route("plant", "plant/+/telemetry", function.name, letters)
    assert not getattr(function, "public", True)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_caller_is_told_where_the_called_is_and_waits_for_it_to_be_deployed(tmp_path: Path, cloud: str) -> None:
    one, host = provisioner(tmp_path, cloud, (cloud, cloud, cloud), (cloud, cloud))
    (caller,) = one.function_parts("default-processor", tuple)
    with pytest.raises(MissingConnectionError, match="persister is not deployed yet"):
        caller.create()
    called = one._names.function("persister")
    host.update(called, Definition("3.13", {}, "plant", 60), b"code")
    caller.create()
    assert host.functions[caller.name].definition.settings["PERSISTER_FUNCTION_URL"] == host.address(called)
    assert caller.compare().differences == ()
    host.delete(called)
    assert caller.compare().differences == ("persister is not deployed yet",)


def test_a_cloud_without_a_mover_need_not_express_the_movers_schedule(tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "aws", "aws", "aws", chain=("gcp", "gcp"))
    config = twin.config.model_copy(update={"mover_schedule": "cron(0 3 L * ? *)"})
    twin = replace(twin, config=config)
    with pytest.raises(ProvisioningError, match="APIs of project"):  # which are asked for after the schedules
        GcpProvisioner(twin, google(MemoryHost()), links_of(twin)).preflight()


def test_on_google_cloud_only_the_caller_in_the_chain_may_call_a_function_and_on_azure_a_key_opens_it(
    tmp_path: Path,
) -> None:
    one, _ = provisioner(tmp_path, "gcp", ("gcp", "gcp", "gcp"), ("gcp", "gcp"))
    assert one.callers("persister") == ("plant-default-processor", "plant-invoker")
    assert one.callers("default-processor") == ("plant-dispatcher", "plant-invoker")
    assert one.callers("dispatcher") == one.callers("hot-reader") == ("plant-invoker",)
    two, _ = provisioner(tmp_path, "azure", ("azure", "azure", "azure"), ("azure", "azure"))
    assert two.callers("persister") == ()


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_function_of_the_chain_knows_its_time_limit_and_azures_dispatcher_the_hub(tmp_path: Path, cloud: str) -> None:
    one, host = provisioner(tmp_path, cloud, (cloud, cloud, cloud), (cloud, cloud))
    host.update(one._names.function("default-processor"), Definition("3.13", {}, "plant", 60), b"code")
    found = deployed(one, host, "dispatcher")
    assert found.settings["FUNCTION_TIMEOUT_SECONDS"] == str(one.chain_timeout - MARGIN_SECONDS)
    hub = {name: value for name, value in found.settings.items() if name.startswith("IOTHUB")}
    wanted = {"IOTHUB_EVENTS_CONNECTION_STRING": HUB.events_connection, "IOTHUB_EVENTS_NAME": "events"}
    assert hub == (wanted if cloud == "azure" else {})


def test_the_twins_own_processors_are_packed_into_the_default_processor_alone(tmp_path: Path) -> None:
    folder = tmp_path / "processors" / "default"
    folder.mkdir(parents=True)
    (folder / "process.py").write_text("def process(event):\n    return event\n")
    one, _ = provisioner(tmp_path, "gcp", ("gcp", "gcp", "gcp"), ("gcp", "gcp"))
    for function in ("persister", "default-processor"):
        (resource,) = one.function_parts(function, tuple)
        names = zipfile.ZipFile(BytesIO(resource.build().code)).namelist()  # type: ignore[attr-defined]
        assert ("processors/default/process.py" in names) == (function == "default-processor")
        resource.create()
