"""What the functions of the 27 layouts are told."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path

import pytest

from l3kit.clouds.shared.environment import MAX_VARIABLES_BYTES, environment
from l3kit.providers import BUILT_IN, provider
from l3kit.tiering.settings.function_table import FUNCTIONS, further_variables, variables_for
from l3kit.tiering.settings.twin_info import INFO_FILE
from l3kit.twin.connections import save_inter_cloud_connection
from l3kit.twin.layout import ORDER, RECEIVERS
from tests.support.deployed import links_of
from tests.support.twins import twin_on

PROVIDERS = tuple(BUILT_IN)
LAYOUTS = list(itertools.product(PROVIDERS, repeat=3))


@pytest.mark.parametrize("layout", LAYOUTS, ids="-".join)
def test_a_function_is_told_exactly_what_it_needs(tmp_path: Path, layout: tuple[str, str, str]) -> None:
    twin = twin_on(tmp_path, *layout)
    for link in twin.layout.links:
        save_inter_cloud_connection(twin.path, link.id, f"https://{link.receiver}.example", f"token-of-{link.receiver}")
    more = {
        name: "x"
        for cloud in PROVIDERS
        for f in FUNCTIONS
        for name in variables_for(f, cloud=provider(cloud).variables, remote=False, archive_here=True)
    }
    for function in ORDER:
        host = twin.layout.host_of(function)
        if host is None:
            continue
        told, files = environment(twin, links_of(twin), host, function, lambda store: f"the-{store}", str, more)
        out = twin.layout.link_from(function)
        assert files == {}
        archive_here = twin.layout.archive == host
        variables = provider(host).variables
        needed = variables_for(function, cloud=variables, remote=out is not None, archive_here=archive_here)
        assert set(told) == set(needed)
        if function in RECEIVERS:
            assert told["INTER_CLOUD_TOKEN"] == f"token-of-{function}"
        if out:
            assert told["INTER_CLOUD_TOKEN"] == f"token-of-{out.receiver}"
            assert told[str(FUNCTIONS[function].remote_url)] == f"https://{out.receiver}.example"
            assert told.items() >= provider(out.target).receiver_limit.variables().items()


@pytest.mark.parametrize("layout", [("aws", "azure", "gcp"), ("gcp", "gcp", "aws")], ids="-".join)
def test_only_the_ends_of_signed_links_are_told_so(tmp_path: Path, layout: tuple[str, str, str]) -> None:
    twin = twin_on(tmp_path, *layout)
    twin = dataclasses.replace(twin, config=twin.config.model_copy(update={"link_auth": "signature"}))
    for link in twin.layout.links:
        save_inter_cloud_connection(twin.path, link.id, "https://x.example", "a-token")
    ends = {end for link in twin.layout.links for end in (link.sender, link.receiver)}
    for function in ORDER:
        if host := twin.layout.host_of(function):
            needed = twin.layout.variables_of(function, host)
            told, _ = environment(twin, links_of(twin), host, function, str, str, dict.fromkeys(needed, "x"))
            assert {"LINK_AUTH": "signature"}.items() <= told.items() if function in ends else set(told) == set(needed)
            assert set(told) - set(needed) <= set(further_variables(function))
            assert "link_auth" not in told["DIGITAL_TWIN_INFO"], "a change of it is no change of all functions"


def test_what_does_not_fit_the_variables_is_a_file(tmp_path: Path) -> None:
    devices = [f"device-{n:04}" for n in range(300)]
    twin = twin_on(tmp_path, "gcp", "gcp", "gcp", devices)
    told, files = environment(
        twin,
        links_of(twin),
        "gcp",
        "hot-reader",
        lambda store: store,
        str,
        {"GOOGLE_CLOUD_PROJECT": "p", "FIRESTORE_DATABASE": "d"},
    )
    assert told["DIGITAL_TWIN_INFO"] == f"file:{INFO_FILE}"
    assert [entry["id"] for entry in json.loads(files[INFO_FILE])["config_iot_devices"]] == devices
    assert sum(len(k) + len(v) for k, v in told.items()) < MAX_VARIABLES_BYTES


ADDRESSES = (
    "FUNCTION_TIMEOUT_SECONDS",
    "IOTHUB_EVENTS_CONNECTION_STRING",
    "IOTHUB_EVENTS_NAME",
    "COSMOS_ENDPOINT",
    "COSMOS_DATABASE_NAME",
    "STORAGE_ACCOUNT_URL",
    "GOOGLE_CLOUD_PROJECT",
)


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("cloud", PROVIDERS)
def test_a_function_of_the_chain_is_told_how_to_reach_what_it_calls_and_nobody_else(
    tmp_path: Path, cloud: str, apart: bool
) -> None:
    other = "gcp" if cloud == "aws" else "aws"
    twin = twin_on(tmp_path, cloud, cloud, cloud, chain=(cloud, other if apart else cloud))
    for link in twin.layout.links:
        save_inter_cloud_connection(twin.path, link.id, f"https://{link.receiver}.example", "a-token")
    asked: list[str] = []

    def address_of(function: str) -> str:
        asked.append(function)
        return f"address of {function}"

    called = "connector" if apart else "default-processor"
    more = dict.fromkeys(ADDRESSES, "x")
    told, _ = environment(twin, links_of(twin), cloud, "dispatcher", lambda store: store, address_of, more)
    peers = provider(cloud).variables.peers
    assert {name: value for name, value in told.items() if name in peers.values()} == {
        peers[called]: f"address of {called}"
    }
    assert asked == [called]
    assert told[provider(cloud).variables.stores["letters"]] == "letters"
