"""What the 27 layouts say: which functions run where, and the links between the tiers."""

from __future__ import annotations

import itertools
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from l3kit.providers import BUILT_IN, provider
from l3kit.tiering.settings.function_table import EXPIRER, variables_for
from l3kit.twin.layout import CHAIN, MOVERS, ORDER, READERS, TIERS, Layout, Link, receiving_cloud
from tests.support.twins import twin_on

LAYOUTS = [Layout(*clouds) for clouds in itertools.product(BUILT_IN, repeat=3)]


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_each_function_runs_where_its_tier_is_and_writers_only_behind_a_border(layout: Layout) -> None:
    expected = {"hot-to-cold-mover": layout.hot, "hot-reader": layout.hot, "hot-reader-last-entry": layout.hot}
    expected["cold-to-archive-mover"] = layout.cold
    expected |= {"cold-writer": layout.cold} if layout.hot != layout.cold else {}
    expected |= {"archive-writer": layout.archive} if layout.cold != layout.archive else {}
    assert {name: host for name in ORDER if (host := layout.host_of(name))} == expected
    for cloud in BUILT_IN:
        here = [name for name in ORDER if expected.get(name) == cloud]
        assert layout.functions_on(cloud) == tuple(here)
        assert layout.scheduled_on(cloud) == tuple(name for name in here if name in MOVERS)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_the_expirer_runs_where_the_archive_is_if_data_expire_and_nothing_else_changes(layout: Layout) -> None:
    expiring = replace(layout, expires=True)
    for cloud in BUILT_IN:
        more = (EXPIRER,) if cloud == layout.archive else ()
        assert expiring.scheduled_on(cloud) == (*layout.scheduled_on(cloud), *more)
        assert {*expiring.functions_on(cloud)} == {*layout.functions_on(cloud), *more}
    assert expiring.links == layout.links


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_clouds_and_tiers_are_told_from_hot_to_archive(layout: Layout) -> None:
    names = str(layout).split("-")
    assert [layout.tier(tier) for tier in TIERS] == names
    assert layout.clouds == tuple(dict.fromkeys(names))
    assert layout.clouds_among(None) == layout.clouds_among([]) == layout.clouds
    for cloud in BUILT_IN:
        assert layout.clouds_among([cloud]) == ((cloud,) if cloud in names else ())
        assert layout.tiers_on(cloud) == tuple(tier for tier, name in zip(TIERS, names, strict=True) if name == cloud)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_both_ends_of_a_link_find_it_and_nothing_else_does(layout: Layout) -> None:
    assert len(layout.links) == (layout.hot != layout.cold) + (layout.cold != layout.archive)
    for link in layout.links:
        assert layout.entrance(link.id) is layout.link_to(link.receiver) is layout.link_from(link.sender) is link
        assert (layout.host_of(link.sender), layout.host_of(link.receiver)) == (link.source, link.target)
    ends = {end for link in layout.links for end in (link.sender, link.receiver)}
    for name in set(ORDER) - ends:
        assert layout.entrance_of(name) is layout.link_from(name) is None
    assert layout.entrances == layout.links


CHAINS = [
    Layout(hot, "aws", "aws", l1=l1, l2=l2, events=hot == "gcp")
    for l1, l2, hot in itertools.product(BUILT_IN, repeat=3)
]


@pytest.mark.parametrize("layout", CHAINS, ids=lambda one: f"{one.l1}-{one.l2}-{one.hot}")
def test_the_message_chain_runs_where_its_layers_are_and_each_cloud_of_it_keeps_letters(layout: Layout) -> None:
    expected = {"dispatcher": layout.l1, "default-processor": layout.l2, "persister": layout.l2}
    expected |= {"connector": layout.l1, "ingestion": layout.l2} if layout.l1 != layout.l2 else {}
    expected |= {"writer": layout.hot} if layout.l2 != layout.hot else {}
    expected |= {"event-checker": layout.l2} if layout.events else {}
    assert {name: host for name in CHAIN if (host := layout.host_of(name))} == expected
    for cloud in BUILT_IN:
        keeps = cloud in expected.values()
        assert layout.has_letters_on(cloud) == keeps
        assert layout.stored_on(cloud) == (*layout.tiers_on(cloud), *(("letters",) if keeps else ()))
        for name in layout.functions_on(cloud):
            assert all(layout.host_of(called) == cloud for called in layout.peers_of(name))
            assert all(ORDER.index(called) < ORDER.index(name) for called in layout.peers_of(name))


@pytest.mark.parametrize(("l1", "l2"), list(itertools.product(BUILT_IN, repeat=2)))
def test_feedback_has_a_receiver_where_layer_1_is_apart_and_an_event_sends_it(l1: str, l2: str) -> None:
    layout = Layout("aws", "aws", "aws", l1=l1, l2=l2, events=True, feedback=True)
    link = layout.link_from("event-checker")
    if l1 == l2:
        assert link is layout.host_of("feedback-receiver") is None
    else:
        assert link == Link(f"{l2}_l2_to_{l1}_l1", "feedback-receiver", l1, "event-checker", l2)
        assert (layout.host_of("feedback-receiver"), receiving_cloud(link.id)) == (l1, l1)
    without = Layout("aws", "aws", "aws", l1=l1, l2=l2, events=True)
    assert without.link_from("event-checker") is without.host_of("feedback-receiver") is None


def test_without_a_message_chain_no_cloud_keeps_letters_for_it() -> None:
    layout = Layout("aws", "azure", "gcp")
    assert not any(layout.host_of(name) for name in CHAIN)
    assert [layout.stored_on(cloud) for cloud in BUILT_IN] == [("hot",), ("cold",), ("archive",)]


def test_links_are_in_the_order_in_which_data_passes_them() -> None:
    assert Layout("aws", "azure", "gcp").links == (
        Link("aws_l3hot_to_azure_l3cold", "cold-writer", "azure", "hot-to-cold-mover", "aws"),
        Link("azure_l3cold_to_gcp_l3archive", "archive-writer", "gcp", "cold-to-archive-mover", "azure"),
    )
    with pytest.raises(KeyError):
        Layout("aws", "aws", "gcp").entrance("aws_l3hot_to_azure_l3cold")


@pytest.mark.parametrize("hot", BUILT_IN)
def test_readers_with_addresses_are_entrances_without_a_sender(hot: str) -> None:
    layout = Layout(hot, "aws", "gcp", reader_urls=True)
    assert layout.links == Layout(hot, "aws", "gcp").links
    readers = layout.entrances[len(layout.links) :]
    assert [(one.id, one.receiver, one.target, one.clouds) for one in readers] == [
        (f"{hot}_l3hot_{reader}", reader, hot, (hot,)) for reader in READERS
    ]
    for one in readers:
        assert layout.entrance(one.id) is layout.entrance_of(one.receiver) is one
        assert layout.link_to(one.receiver) is layout.link_from(one.receiver) is None
        variables = layout.variables_of(one.receiver, hot)
        assert set(variables) - {"INTER_CLOUD_TOKEN"} == set(Layout(hot, "aws", "gcp").variables_of(one.receiver, hot))
        assert receiving_cloud(one.id) == hot


def test_the_receiving_cloud_is_known_of_links_between_tiers_and_of_readers() -> None:
    for clouds in itertools.product(BUILT_IN, repeat=2):
        for link in Layout(*clouds, clouds[0], l1=clouds[1], l2=clouds[0]).links:
            assert receiving_cloud(link.id) == link.target
    for other in ("aws_l1_to_azure_l1", "aws_l3hot_writer", "aws_l3cold_hot-reader", "x", ""):
        assert receiving_cloud(other) == ""


@pytest.mark.parametrize("cloud", BUILT_IN)
def test_a_function_needs_what_its_links_and_its_cloud_ask_for(cloud: str) -> None:
    layout = Layout("aws", "azure", "azure")
    archive_here = cloud == "azure"
    assert layout.variables_of("hot-to-cold-mover", cloud) == variables_for(
        "hot-to-cold-mover", cloud=provider(cloud).variables, remote=True, archive_here=archive_here
    )
    assert layout.variables_of("cold-to-archive-mover", cloud) == variables_for(
        "cold-to-archive-mover", cloud=provider(cloud).variables, remote=False, archive_here=archive_here
    )


def test_a_twin_has_one_layout_for_its_life(tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "aws", "azure", "gcp")
    assert twin.layout == Layout("aws", "azure", "gcp")
    assert twin.layout is twin.layout
    with pytest.raises(FrozenInstanceError):
        twin.layout.hot = "gcp"  # type: ignore[misc]
