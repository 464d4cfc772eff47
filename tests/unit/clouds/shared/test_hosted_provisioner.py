"""What the clouds with a function host are asked to have: the same but for stores, settings and schedules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.azure.control.provisioner import AzureProvisioner
from l3kit.clouds.azure.session import AzureSession
from l3kit.clouds.gcp.control.provisioner import GcpProvisioner
from l3kit.clouds.gcp.session import GcpSession
from l3kit.clouds.shared.hosted_provisioner import MARGIN_SECONDS, OTHER_TIMEOUT, HostedProvisioner
from l3kit.twin.layout import MOVERS, READERS, RECEIVERS
from tests.support.deployed import links_of
from tests.support.twins import twin_on
from tests.unit.clouds.shared.test_cloud_function import MemoryHost

CLOUDS = ("azure", "gcp")


def provisioner(
    tmp_path: Path, cloud: str, layout: tuple[str, str, str], *, reader_urls: bool = False
) -> tuple[HostedProvisioner, MemoryHost]:
    twin, host = twin_on(tmp_path, *layout, reader_urls=reader_urls), MemoryHost()
    if cloud == "azure":
        azure = AzureSession("sub", "westeurope", "https://cosmos.example", "key", "https://blob.example", "key", host)
        return AzureProvisioner(twin, azure, links_of(twin)), host
    gcp = GcpSession("project", "europe-west1", "https://storage.example", "firestore.example:443", host)
    return GcpProvisioner(twin, gcp, links_of(twin)), host


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
    schedules = [job["schedule"] for job in found.schedules] or [found.settings["MOVER_SCHEDULE"]]
    assert [text.split()[-5:] for text in schedules] == [["0", "0", "*", "*", "*"]]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_mover_that_a_former_layout_left_over_has_no_schedule(tmp_path: Path, cloud: str) -> None:
    one, _ = provisioner(tmp_path, cloud, ("aws", "aws", "aws"))
    (resource,) = one.function_parts("hot-to-cold-mover", tuple)
    assert [job["schedule"] for job in getattr(resource, "schedules", ())] in ([], [""])


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("receiver", RECEIVERS)
def test_a_receiver_is_public_and_comes_with_its_address(tmp_path: Path, cloud: str, receiver: str) -> None:
    layout = ("aws", cloud, cloud) if receiver == "cold-writer" else ("aws", "aws", cloud)
    one, _ = provisioner(tmp_path, cloud, layout)
    function, address = one.function_parts(receiver, tuple)
    assert (function.kind, address.kind) == ("function", "link address")
    assert (getattr(function, "public", None), getattr(function, "timeout", None)) == (True, OTHER_TIMEOUT)


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
    names = [resource.name for resource in one.stores(("hot", "cold", "archive"))]
    assert len(set(names)) == len(names) == {"azure": 5, "gcp": 4}[cloud]
    assert [r.name for tier in ("hot", "cold", "archive") for r in one.stores((tier,))] == names


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_functions_code_and_settings_are_the_same_each_time(tmp_path: Path, cloud: str) -> None:
    one, _ = provisioner(tmp_path, cloud, (cloud, cloud, cloud))
    (resource,) = one.function_parts("hot-reader", tuple)
    resource.create()
    assert resource.compare().differences == ()
