"""The desired state of the 27 layouts: which resources where, in which order, and what a former layout left."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.shared.links import LeftOverLink, LinkToken
from l3kit.deploy.desired import all_possible_resources, desired_resources, orphaned_resources
from l3kit.errors import ConfigurationError, MissingConnectionError
from l3kit.providers import BUILT_IN
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.twin.connections import load_connections, save_inter_cloud_connection
from l3kit.twin.layout import CHAIN, READERS, RECEIVERS, STORED
from tests.support.deployed import Deployed, links_of
from tests.support.twins import link_id, twin_on

PROVIDERS = tuple(BUILT_IN)
LAYOUTS = list(itertools.product(PROVIDERS, repeat=3))
SENDERS = {"cold-writer": "hot-to-cold-mover", "archive-writer": "cold-to-archive-mover"}


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
    pending_changes: dict[str, Callable[[], tuple[str, ...]]] = field(default_factory=dict)
    shares: bool = False

    def preflight(self) -> tuple[str, ...]:
        return ()

    def stores(self, tiers: Any) -> list[Any]:
        return [Part(f"{self.provider}/store/{tier}") for tier in tiers]

    def function_parts(self, function: str, pending_changes: Callable[[], tuple[str, ...]]) -> list[Any]:
        self.pending_changes[function] = pending_changes
        return [Part(f"{self.provider}/function/{function}")]

    def schedules(self, movers: Sequence[str]) -> list[Any]:
        return [Part(f"{self.provider}/schedule/{mover}") for mover in movers]

    left_over_schedules = schedules

    def alarms(self) -> list[Any]:
        return []

    left_over_alarms = alarms

    def foundation(self) -> list[Any]:
        return [Part(f"{self.provider}/foundation")] if self.shares else []

    def shared(self, functions: Sequence[str]) -> list[Any]:
        return self._parts("identity", "permission")

    def left_over_shared(self, functions: Sequence[str]) -> list[Any]:
        return self._parts("former permission", "former identity")

    def _parts(self, *names: str) -> list[Any]:
        return [Part(f"{self.provider}/{name}") for name in names] if self.shares else []

    def left_over_addresses(self, functions: Sequence[str]) -> list[Any]:
        return [Part(f"{self.provider}/address/{function}") for function in functions]


def clouds(*providers: str, shares: bool = False) -> dict[str, Any]:
    return {provider: Provisioner(provider, shares=shares) for provider in providers}


@pytest.mark.parametrize("layout", LAYOUTS, ids="-".join)
def test_a_layout_has_its_functions_each_once_receivers_before_senders(
    tmp_path: Path, layout: tuple[str, str, str]
) -> None:
    twin = twin_on(tmp_path, *layout)
    hot, cold, archive = layout
    here = clouds(*twin.layout.clouds)
    names = [resource.name for resource in desired_resources(twin.layout, links_of(twin), here)]
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


@pytest.mark.parametrize("layout", LAYOUTS, ids="-".join)
def test_links_within_the_plan_are_not_asked_for_and_links_out_of_it_are_before_anything(
    tmp_path: Path, layout: tuple[str, str, str]
) -> None:
    twin = twin_on(tmp_path, *layout)
    hot, cold, archive = layout
    desired_resources(twin.layout, links_of(twin), clouds(*twin.layout.clouds))
    for alone in twin.layout.clouds:
        leaves = (hot == alone != cold) or (cold == alone != archive)
        here = clouds(alone)
        if not leaves:
            desired_resources(twin.layout, links_of(twin), here)
            continue
        with pytest.raises(MissingConnectionError, match=r"url=False, token=False"):
            desired_resources(twin.layout, links_of(twin), here)
        assert here[alone].pending_changes == {}
        assert load_connections(twin.path) == {}


def test_a_link_with_half_of_what_it_needs_is_told(tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "aws", "azure", "gcp")
    link = link_id(twin, "cold-writer")
    save_inter_cloud_connection(twin.path, link, "https://cold.example", "")
    with pytest.raises(MissingConnectionError, match=rf"connection {link}: .*url=True, token=False"):
        desired_resources(twin.layout, links_of(twin), clouds("aws"))
    save_inter_cloud_connection(twin.path, link, "https://cold.example", "a-token")
    desired_resources(twin.layout, links_of(twin), clouds("aws"))


def test_a_sender_without_its_receiver_is_not_told_to_sign_before_it(tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "aws", "azure", "azure")
    twin = dataclasses.replace(twin, config=twin.config.model_copy(update={"link_auth": "signature"}))
    azure = Deployed({"cold-writer": {"INTER_CLOUD_TOKEN": "a-token"}}, {"cold-writer": "https://cold.example"})
    links = links_of(twin, {"azure": azure})
    with pytest.raises(
        ConfigurationError, match=r"cold-writer on azure does not know yet.*Deploy aws and azure together"
    ):
        desired_resources(twin.layout, links, clouds("aws"))
    desired_resources(twin.layout, links, clouds("aws", "azure"))
    azure.told["cold-writer"]["LINK_AUTH"] = "signature"
    desired_resources(twin.layout, links, clouds("aws"))


def test_rotation_reaches_receiver_and_sender_and_nobody_else(tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "aws", "azure", "gcp")
    for receiver in RECEIVERS:
        save_inter_cloud_connection(twin.path, link_id(twin, receiver), "https://x.example", f"old-{receiver}")
    here = clouds(*PROVIDERS)
    resources = desired_resources(twin.layout, links_of(twin), here, rotate_tokens=True)
    pending_changes = {name: tuple(found()) for cloud in here.values() for name, found in cloud.pending_changes.items()}
    told = ("variable INTER_CLOUD_TOKEN will differ",)
    assert pending_changes == {
        "archive-writer": told,
        "cold-writer": told,
        "cold-to-archive-mover": told,
        "hot-to-cold-mover": told,
        "hot-reader": (),
        "hot-reader-last-entry": (),
    }
    for token in (resource for resource in resources if isinstance(resource, LinkToken)):
        before = load_connections(twin.path)[token.name]
        assert token.compare().differences == ("a new token was requested",)
        token.update()
        after = load_connections(twin.path)[token.name]
        assert (after.url, after.token != before.token, len(after.token) >= 43) == (before.url, True, True)
        assert token.compare().differences == ()
    assert {tuple(found()) for cloud in here.values() for found in cloud.pending_changes.values()} == {()}


def test_a_token_that_is_missing_reaches_both_ends_and_a_missing_url_the_sender(tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "azure", "gcp", "gcp")
    here = clouds("azure", "gcp")
    desired_resources(twin.layout, links_of(twin), here)
    assert here["gcp"].pending_changes["cold-writer"]() == ("variable INTER_CLOUD_TOKEN will differ",)
    assert here["azure"].pending_changes["hot-to-cold-mover"]() == (
        "variable INTER_CLOUD_TOKEN will differ",
        "variable REMOTE_COLD_WRITER_URL will differ",
    )


def test_what_a_layout_does_not_call_for_is_orphaned_on_every_cloud(tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "aws", "gcp", "gcp")
    here = clouds(*PROVIDERS)
    left = {resource.name for resource in orphaned_resources(twin.layout, links_of(twin), here)}
    kept = {
        resource.name
        for resource in desired_resources(twin.layout, links_of(twin), here)
        if "/function/" in resource.name
    }
    functions = {f"{provider}/function/{name}" for provider in PROVIDERS for name in FUNCTIONS}
    assert {name for name in left if "/function/" in name} == functions - kept
    assert "azure/schedule/hot-to-cold-mover" in left
    assert "aws/schedule/hot-to-cold-mover" not in left
    assert not any("/store/" in name for name in left)
    removal = [resource.name for resource in all_possible_resources(twin.layout, links_of(twin), here)]
    assert {name for name in removal if "/function/" in name} == functions
    assert sum("/store/" in name for name in removal) == 3 * len(STORED)


def test_what_functions_have_in_common_is_made_after_the_stores_and_before_the_functions(tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "gcp", "gcp", "gcp")
    names = [resource.name for resource in desired_resources(twin.layout, links_of(twin), clouds("gcp", shares=True))]
    functions = [name for name in names if "/function/" in name]
    first = ["gcp/foundation", *(f"gcp/store/{tier}" for tier in twin.layout.stored_on("gcp"))]
    assert names[: len(first) + 3] == [*first, "gcp/identity", "gcp/permission", functions[0]]


def test_a_cloud_without_functions_shares_nothing_among_them_but_may_have_done_so(tmp_path: Path) -> None:
    twin, here = twin_on(tmp_path, "aws", "aws", "aws"), clouds("gcp", shares=True)
    desired = [resource.name for resource in desired_resources(twin.layout, links_of(twin), here)]
    assert desired == ["gcp/foundation"]
    left = [resource.name for resource in orphaned_resources(twin.layout, links_of(twin), here)]
    assert [name for name in left if "former" in name] == ["gcp/former permission", "gcp/former identity"]


def test_permissions_are_removed_before_identities_after_the_functions_and_no_foundation_ever(tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "gcp", "gcp", "gcp")
    everything = all_possible_resources(twin.layout, links_of(twin), clouds("gcp", shares=True))
    removal = [resource.name for resource in reversed(everything)]
    shared = ["gcp/permission", "gcp/identity", "gcp/former permission", "gcp/former identity"]
    assert [name for name in removal if name in shared] == shared
    assert max(removal.index(name) for name in removal if "/function/" in name) < removal.index(shared[0])
    assert removal.index(shared[-1]) < min(removal.index(name) for name in removal if "/store/" in name)
    assert "gcp/foundation" not in removal


@pytest.mark.parametrize("chain", list(itertools.product(PROVIDERS, repeat=2)), ids="-".join)
def test_the_message_chain_is_made_called_before_caller_with_its_links_and_letters(
    tmp_path: Path, chain: tuple[str, str]
) -> None:
    twin = twin_on(tmp_path, "aws", "aws", "aws", chain=chain)
    here = clouds(*twin.layout.clouds)
    names = [resource.name for resource in desired_resources(twin.layout, links_of(twin), here)]
    of_chain = [name.split("/")[2] for name in names if name.split("/")[-1] in CHAIN]
    assert of_chain == [function for function in CHAIN if twin.layout.host_of(function)]
    l1, l2 = chain
    expected = {link.id for link in twin.layout.links}
    assert len(expected) == (l1 != l2) + (l2 != "aws")
    assert {name for name in names if "/" not in name} == expected
    keeping = {l1, l2} | ({"aws"} if l2 != "aws" else set())
    assert {name.split("/")[0] for name in names if name.endswith("/store/letters")} == keeping


@pytest.mark.parametrize("chain", [("aws", "gcp"), ("azure", "aws"), ("azure", "azure")], ids="-".join)
def test_feedback_to_another_cloud_is_made_with_its_token_receiver_first(
    tmp_path: Path, chain: tuple[str, str]
) -> None:
    twin = twin_on(tmp_path, "aws", "aws", "aws", chain=chain, feedback=True)
    here, (l1, l2) = clouds(*twin.layout.clouds), chain
    names = [resource.name for resource in desired_resources(twin.layout, links_of(twin), here)]
    wanted = [f"{l2}_l2_to_{l1}_l1", f"{l1}/function/feedback-receiver", f"{l2}/function/event-checker"]
    assert [name for name in names if name in wanted] == (wanted if l1 != l2 else wanted[2:])


def test_feedback_that_is_given_up_takes_its_receiver_and_its_entry_away(tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "aws", "aws", "aws", chain=("azure", "aws"))
    save_inter_cloud_connection(twin.path, "aws_l2_to_azure_l1", "https://x.example", "a-token")
    left = [r.name for r in orphaned_resources(twin.layout, links_of(twin), clouds("aws", "azure"))]
    assert "azure/function/feedback-receiver" in left
    assert "aws_l2_to_azure_l1" in left


def test_a_chain_that_is_given_up_goes_source_first_and_leaves_its_letters(tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "aws", "aws", "aws")
    here = clouds("aws", "gcp")
    for link in ("gcp_l1_to_aws_l2", "aws_l2_to_gcp_l3hot", "azure_l1_to_azure_l2"):
        save_inter_cloud_connection(twin.path, link, "https://x.example", "a-token")
    left = [resource.name for resource in orphaned_resources(twin.layout, links_of(twin), here)]
    for cloud in here:
        gone = [name.split("/")[2] for name in left if name.startswith(f"{cloud}/function/")]
        assert [name for name in gone if name in CHAIN] == list(reversed(CHAIN))
    assert not any("/store/" in name for name in left)
    assert {name for name in left if "/" not in name} == {"gcp_l1_to_aws_l2", "aws_l2_to_gcp_l3hot"}


def test_readers_with_addresses_have_tokens_that_rotation_reaches(tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "azure", "azure", "azure", reader_urls=True)
    here = clouds("azure")
    desired = desired_resources(twin.layout, links_of(twin), here)
    ids = [f"azure_l3hot_{reader}" for reader in reversed(READERS)]
    assert [resource.name for resource in desired if isinstance(resource, LinkToken)] == ids
    told = ("variable INTER_CLOUD_TOKEN will differ",)
    assert {name: found() for name, found in here["azure"].pending_changes.items()} == {
        **dict.fromkeys(("hot-to-cold-mover", "cold-to-archive-mover"), ()),
        **dict.fromkeys(READERS, told),
    }
    assert not [r.name for r in orphaned_resources(twin.layout, links_of(twin), here) if "/address/" in r.name]


def test_an_address_that_is_no_longer_asked_for_is_orphaned_with_its_entry(tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "aws", "gcp", "gcp")
    for entry in ("aws_l3hot_hot-reader", "gcp_l3hot_hot-reader-last-entry"):
        save_inter_cloud_connection(twin.path, entry, "https://x.example", "a-token")
    left = [resource.name for resource in orphaned_resources(twin.layout, links_of(twin), clouds("aws"))]
    assert [name for name in left if "/address/" in name] == [f"aws/address/{reader}" for reader in READERS]
    assert [name for name in left if "l3hot_hot" in name] == ["aws_l3hot_hot-reader"], "gcp is not reached"


def test_the_link_of_a_former_layout_is_taken_out_of_the_file_and_no_other(tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "aws", "gcp", "gcp")
    kept = (link_id(twin, "cold-writer"), "aws_l1_to_azure_l2", "aws_l3hot_to_azure_l3cold")
    for link in (*kept, "aws_l3cold_to_gcp_l3archive"):
        save_inter_cloud_connection(twin.path, link, "https://x.example", "a-token")
    left = [
        r for r in orphaned_resources(twin.layout, links_of(twin), clouds("aws", "gcp")) if isinstance(r, LeftOverLink)
    ]
    assert [(r.name, r.compare().exists) for r in left] == [("aws_l3cold_to_gcp_l3archive", True)]
    left[0].delete()
    assert not left[0].compare().exists
    assert set(load_connections(twin.path)) == set(kept)
