"""What the 27 layouts call for: which functions where, in which order, told what; and the links between them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.ports.function_host import Definition, Deployed
from l3kit.clouds.shared.cloud_function import BuiltFunction, CloudFunction, variable_differences
from l3kit.clouds.shared.links import LeftOverLink, LinkAddress, LinkToken
from l3kit.deploy.desired import unwanted, wanted, wanted_for_removal
from l3kit.errors import MissingConnectionError, ProvisioningError
from l3kit.providers import BUILT_IN, provider
from l3kit.tiering.settings import FUNCTIONS, INFO_FILE, variables_for
from l3kit.twin.config import Twin
from l3kit.twin.connections import load_connections, save_inter_cloud_connection
from l3kit.twin.layout import (
    MAX_VARIABLES_BYTES,
    ORDER,
    RECEIVERS,
    environment,
    functions_of,
    host_of,
    providers_of,
    receiving_link,
    sending_link,
    sends_abroad,
)
from tests.integration.aws.conftest import write_twin
from tests.support.deployed import Deployed as DeployedFunctions
from tests.support.deployed import links_of

PROVIDERS = tuple(BUILT_IN)
LAYOUTS = list(itertools.product(PROVIDERS, repeat=3))
SENDERS = {"cold-writer": "hot-to-cold-mover", "archive-writer": "cold-to-archive-mover"}


@pytest.fixture
def twin_of(tmp_path: Path) -> Callable[..., Twin]:
    def make(hot: str, cold: str, archive: str, devices: Sequence[str] = ("pump-1",)) -> Twin:
        write_twin(tmp_path, "plant", hot, cold, archive, list(devices))
        return Twin.load(tmp_path)

    return make


@dataclass
class Part:
    """A resource that is only a name."""

    name: str
    kind: str = "part"
    holds_data: bool = False


@dataclass
class Provisioner:
    """One cloud that notes what it is asked for."""

    provider: str
    coming: dict[str, Callable[[], tuple[str, ...]]] = field(default_factory=dict)

    def preflight(self) -> tuple[str, ...]:
        return ()

    def stores(self, tiers: Any) -> list[Any]:
        return [Part(f"{self.provider}/store/{tier}") for tier in tiers]

    def function_parts(self, function: str, coming: Callable[[], tuple[str, ...]]) -> list[Any]:
        self.coming[function] = coming
        return [Part(f"{self.provider}/function/{function}")]

    def schedules(self, movers: Sequence[str]) -> list[Any]:
        return [Part(f"{self.provider}/schedule/{mover}") for mover in movers]

    left_over_schedules = schedules


def clouds(*providers: str) -> dict[str, Any]:
    return {provider: Provisioner(provider) for provider in providers}


@pytest.mark.parametrize("layout", LAYOUTS, ids="-".join)
def test_a_layout_has_its_functions_each_once_receivers_before_senders(
    twin_of: Callable[..., Twin], layout: tuple[str, str, str]
) -> None:
    twin = twin_of(*layout)
    hot, cold, archive = layout
    here = clouds(*providers_of(twin))
    names = [resource.name for resource in wanted(twin, links_of(twin), here)]
    assert len(set(names)) == len(names)
    functions = [name.split("/", 1) for name in names if "/function/" in name]
    where = {name.removeprefix("function/"): provider for provider, name in functions}
    expected = {"hot-to-cold-mover": hot, "hot-reader": hot, "hot-reader-last-entry": hot}
    expected["cold-to-archive-mover"] = cold
    expected |= {"cold-writer": cold} if hot != cold else {}
    expected |= {"archive-writer": archive} if cold != archive else {}
    assert where == expected
    order = list(where)
    for receiver, sender in SENDERS.items():
        if receiver in where:
            assert order.index(receiver) < order.index(sender)
    kinds = [name.split("/")[1] if "/" in name else "token" for name in names]
    assert kinds == sorted(kinds, key=["store", "token", "function", "schedule"].index)
    tokens = [name for name in names if "/" not in name]
    assert len(tokens) == (hot != cold) + (cold != archive)
    assert {tier: provider for provider, _, tier in (n.split("/") for n in names if "/store/" in n)} == {
        "hot": hot,
        "cold": cold,
        "archive": archive,
    }
    assert {f: host_of(twin, f) for f in ORDER if host_of(twin, f)} == expected
    assert sorted(f for p in PROVIDERS for f in functions_of(twin, p)) == sorted(expected)


@pytest.mark.parametrize("layout", LAYOUTS, ids="-".join)
def test_links_within_the_plan_are_not_asked_for_and_links_out_of_it_are_before_anything(
    twin_of: Callable[..., Twin], layout: tuple[str, str, str]
) -> None:
    twin = twin_of(*layout)
    hot, cold, archive = layout
    wanted(twin, links_of(twin), clouds(*providers_of(twin)))
    for alone in providers_of(twin):
        leaves = (hot == alone != cold) or (cold == alone != archive)
        here = clouds(alone)
        if not leaves:
            wanted(twin, links_of(twin), here)
            continue
        with pytest.raises(MissingConnectionError, match=r"url=False, token=False"):
            wanted(twin, links_of(twin), here)
        assert here[alone].coming == {}
        assert load_connections(twin.path) == {}


def test_a_link_with_half_of_what_it_needs_is_told(twin_of: Callable[..., Twin]) -> None:
    twin = twin_of("aws", "azure", "gcp")
    link = sending_link(twin, "hot-to-cold-mover")
    save_inter_cloud_connection(twin.path, link, "https://cold.example", "")
    with pytest.raises(MissingConnectionError, match=rf"connection {link}: .*url=True, token=False"):
        wanted(twin, links_of(twin), clouds("aws"))
    save_inter_cloud_connection(twin.path, link, "https://cold.example", "a-token")
    wanted(twin, links_of(twin), clouds("aws"))


@pytest.mark.parametrize("layout", LAYOUTS, ids="-".join)
def test_both_ends_of_a_link_have_one_id(twin_of: Callable[..., Twin], layout: tuple[str, str, str]) -> None:
    twin = twin_of(*layout)
    for receiver, sender in SENDERS.items():
        assert sends_abroad(twin, sender) == (host_of(twin, receiver) is not None)
        if sends_abroad(twin, sender):
            assert sending_link(twin, sender) == receiving_link(twin, receiver) != ""


def test_rotation_reaches_receiver_and_sender_and_nobody_else(twin_of: Callable[..., Twin]) -> None:
    twin = twin_of("aws", "azure", "gcp")
    for receiver in RECEIVERS:
        save_inter_cloud_connection(twin.path, receiving_link(twin, receiver), "https://x.example", f"old-{receiver}")
    here = clouds(*PROVIDERS)
    resources = wanted(twin, links_of(twin), here, rotate_tokens=True)
    coming = {name: tuple(found()) for cloud in here.values() for name, found in cloud.coming.items()}
    told = ("variable INTER_CLOUD_TOKEN will differ",)
    assert coming == {
        "archive-writer": told,
        "cold-writer": told,
        "cold-to-archive-mover": told,
        "hot-to-cold-mover": told,
        "hot-reader": (),
        "hot-reader-last-entry": (),
    }
    for token in (resource for resource in resources if isinstance(resource, LinkToken)):
        before = load_connections(twin.path)[token.name]
        assert token.compare().differences == ("a new token is asked for",)
        token.update()
        after = load_connections(twin.path)[token.name]
        assert (after.url, after.token != before.token, len(after.token) >= 43) == (before.url, True, True)
        assert token.compare().differences == ()
    assert {tuple(found()) for cloud in here.values() for found in cloud.coming.values()} == {()}


def test_a_token_that_is_missing_reaches_both_ends_and_a_missing_url_the_sender(twin_of: Callable[..., Twin]) -> None:
    twin = twin_of("azure", "gcp", "gcp")
    here = clouds("azure", "gcp")
    wanted(twin, links_of(twin), here)
    assert here["gcp"].coming["cold-writer"]() == ("variable INTER_CLOUD_TOKEN will differ",)
    assert here["azure"].coming["hot-to-cold-mover"]() == (
        "variable INTER_CLOUD_TOKEN will differ",
        "variable REMOTE_COLD_WRITER_URL will differ",
    )


def test_what_a_layout_does_not_call_for_is_unwanted_on_every_cloud(twin_of: Callable[..., Twin]) -> None:
    twin = twin_of("aws", "gcp", "gcp")
    here = clouds(*PROVIDERS)
    left = {resource.name for resource in unwanted(twin, links_of(twin), here)}
    kept = {resource.name for resource in wanted(twin, links_of(twin), here) if "/function/" in resource.name}
    functions = {f"{provider}/function/{name}" for provider in PROVIDERS for name in FUNCTIONS}
    assert {name for name in left if "/function/" in name} == functions - kept
    assert "azure/schedule/hot-to-cold-mover" in left
    assert "aws/schedule/hot-to-cold-mover" not in left
    assert not any("/store/" in name for name in left)
    removal = [resource.name for resource in wanted_for_removal(twin, links_of(twin), here)]
    assert {name for name in removal if "/function/" in name} == functions
    assert sum("/store/" in name for name in removal) == 9


# --- what a function is told ------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS, ids="-".join)
def test_a_function_is_told_exactly_what_it_needs(twin_of: Callable[..., Twin], layout: tuple[str, str, str]) -> None:
    twin = twin_of(*layout)
    for receiver in RECEIVERS:
        if link := receiving_link(twin, receiver):
            save_inter_cloud_connection(twin.path, link, f"https://{receiver}.example", f"token-of-{receiver}")
    more = {
        name: "x"
        for cloud in PROVIDERS
        for f in FUNCTIONS
        for name in variables_for(f, cloud=provider(cloud).variables, remote=False, archive_here=True)
    }
    for function in ORDER:
        host = host_of(twin, function)
        if host is None:
            continue
        told, files = environment(twin, links_of(twin), host, function, lambda store: f"the-{store}", more)
        remote = sends_abroad(twin, function)
        assert files == {}
        archive_here = twin.providers.tier("archive") == host
        assert set(
            variables_for(function, cloud=provider(host).variables, remote=remote, archive_here=archive_here)
        ) == set(told)
        if function in RECEIVERS:
            assert told["INTER_CLOUD_TOKEN"] == f"token-of-{function}"
        if remote:
            receiver = next(name for name, sender in SENDERS.items() if sender == function)
            assert told["INTER_CLOUD_TOKEN"] == f"token-of-{receiver}"
            assert told[str(FUNCTIONS[function].remote_url)] == f"https://{receiver}.example"
            limit = provider(str(host_of(twin, receiver))).receiver_limit
            assert told["RECEIVER_LIMIT_BYTES"] == str(limit.max_bytes)
            assert told["RECEIVER_LIMIT_COUNTS"] == limit.counts


def test_what_does_not_fit_the_variables_is_a_file(twin_of: Callable[..., Twin]) -> None:
    devices = [f"device-{n:04}" for n in range(300)]
    twin = twin_of("gcp", "gcp", "gcp", devices)
    told, files = environment(
        twin,
        links_of(twin),
        "gcp",
        "hot-reader",
        lambda store: store,
        {"GOOGLE_CLOUD_PROJECT": "p", "FIRESTORE_DATABASE": "d"},
    )
    assert told["DIGITAL_TWIN_INFO"] == f"file:{INFO_FILE}"
    assert [entry["id"] for entry in json.loads(files[INFO_FILE])["config_iot_devices"]] == devices
    assert sum(len(k) + len(v) for k, v in told.items()) < MAX_VARIABLES_BYTES


# --- functions and addresses as resources -----------------------------------------------------------------------


class MemoryHost:
    """A cloud's functions in memory."""

    def __init__(self) -> None:
        self.functions: dict[str, Deployed] = {}

    def get(self, name: str) -> Deployed | None:
        return self.functions.get(name)

    def put(self, name: str, definition: Definition, code: bytes) -> Deployed:
        import hashlib

        url = f"https://{name}.example"
        self.functions[name] = Deployed(name, url, hashlib.sha256(code).hexdigest(), "active", definition)
        return self.functions[name]

    def delete(self, name: str) -> None:
        self.functions.pop(name, None)

    def timers(self, name: str) -> dict[str, str]:
        return {}

    def invoke(self, name: str, body: bytes, *, timeout: float) -> tuple[int, bytes]:
        raise AssertionError("not called")


def function(host: MemoryHost, code: bytes = b"code", twin: str = "plant", **more: Any) -> CloudFunction:
    settings = more.pop("settings", {"A": "1", "INTER_CLOUD_TOKEN": "secret-token"})
    return CloudFunction(host, "f", twin, "3.11", 60, False, lambda: BuiltFunction(code, settings), **more)


def test_a_function_is_made_compared_changed_and_removed() -> None:
    host = MemoryHost()
    assert not function(host).compare().exists
    function(host).create()
    assert function(host).compare().differences == ()
    changed = function(host, b"other", settings={"A": "2", "B": "3"}, schedules=({"name": "j"},))
    assert changed.compare().differences == (
        "its code differs",
        "its schedule differs",
        "variable A differs",
        "variable B is missing",
        "variable INTER_CLOUD_TOKEN is not wanted",
    )
    changed.update()
    assert changed.compare().differences == ()
    changed.delete()
    changed.delete()
    assert not changed.compare().exists


def test_a_function_with_another_twins_label_is_not_ours() -> None:
    host = MemoryHost()
    function(host, twin="other").create()
    finding = function(host).compare()
    assert (finding.exists, finding.owned) == (True, False)


def test_no_repr_and_no_difference_shows_a_token() -> None:
    host = MemoryHost()
    resource = function(host)
    resource.create()
    shown = [repr(resource), repr(host.functions), repr(resource.build())]
    shown += variable_differences({"INTER_CLOUD_TOKEN": "secret-token"}, {"INTER_CLOUD_TOKEN": "another-secret"})
    assert "secret" not in " ".join(shown)


def test_a_writers_address_is_saved_once_it_answers_and_forgotten_with_it(twin_of: Callable[..., Twin]) -> None:
    twin, times = twin_of("aws", "azure", "azure"), [0.0]
    azure = DeployedFunctions({"cold-writer": {"INTER_CLOUD_TOKEN": "a-token"}})
    links = links_of(twin, {"azure": azure})
    link = receiving_link(twin, "cold-writer")
    save_inter_cloud_connection(twin.path, link, "", "a-token")
    answers = iter([False, False, True, False])

    def sleep(seconds: float) -> None:
        times[0] += seconds

    address = LinkAddress(links, link, lambda url: next(answers), sleep, lambda: times[0])
    assert not address.compare().exists
    azure.urls["cold-writer"] = "https://f.example/api"
    assert not address.compare().exists
    address.create()
    saved = load_connections(twin.path)[link]
    assert (saved.url, saved.token, saved.provider, saved.function) == ("https://f.example/api", "a-token", "", "")
    assert address.compare().differences == ()
    save_inter_cloud_connection(twin.path, link, "https://other.example", "a-token")
    assert address.compare().differences == ("it is not that of the writer",)
    answers = itertools.repeat(False)
    with pytest.raises(ProvisioningError, match=f"the writer of {link} answers: is still not so after 90 s"):
        address.update()
    assert load_connections(twin.path)[link].url == "https://other.example"
    address.delete()
    assert load_connections(twin.path)[link].url == ""


def test_the_link_of_a_former_layout_is_taken_out_of_the_file_and_no_other(twin_of: Callable[..., Twin]) -> None:
    twin = twin_of("aws", "gcp", "gcp")
    kept = (receiving_link(twin, "cold-writer"), "aws_l1_to_azure_l2", "aws_l3hot_to_azure_l3cold")
    for link in (*kept, "aws_l3cold_to_gcp_l3archive"):
        save_inter_cloud_connection(twin.path, link, "https://x.example", "a-token")
    left = [r for r in unwanted(twin, links_of(twin), clouds("aws", "gcp")) if isinstance(r, LeftOverLink)]
    assert [(r.name, r.compare().exists) for r in left] == [("aws_l3cold_to_gcp_l3archive", True)]
    left[0].delete()
    assert not left[0].compare().exists
    assert set(load_connections(twin.path)) == set(kept)
