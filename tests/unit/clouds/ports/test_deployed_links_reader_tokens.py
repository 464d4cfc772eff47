"""The tokens of readers with addresses: whoever calls them is not known, so a former token ends by its own hour."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from l3kit.clouds.ports.deployed_links import MAX_FORMER, DeployedLinks
from l3kit.clouds.shared.environment import environment
from l3kit.clouds.shared.links import LinkToken
from l3kit.errors import ProvisioningError
from l3kit.tiering.tokens import parse_former
from l3kit.twin.config import Twin
from l3kit.twin.connections import FILE, Connection
from tests.support.deployed import NOON, Deployed, links_of
from tests.support.twins import twin_on

READER, ENTRY, TOKEN = "hot-reader", "aws_l3hot_hot-reader", "INTER_CLOUD_TOKEN"


class World:
    """A reader deployed on AWS, the clock, and what an apply does to the reader."""

    def __init__(self, folder: Path) -> None:
        self.twin: Twin = twin_on(folder, "aws", "aws", "aws", reader_urls=True)
        self.aws = Deployed({READER: {TOKEN: "old"}}, {READER: "https://reader"})
        self.now = NOON

    def links(self, *, fresh: bool = False) -> DeployedLinks:
        if fresh:
            (self.twin.path / FILE).unlink(missing_ok=True)
        return links_of(self.twin, {"aws": self.aws}, lambda: self.now)

    def put(self, links: DeployedLinks) -> str:
        """Tell the reader what an apply would. Returns: its token."""
        told, _ = environment(self.twin, links, "aws", READER, lambda store: store, str)
        self.aws.told[READER] = {name: told[name] for name in told if name.startswith(TOKEN)}
        return told[TOKEN]

    def rotate(self, links: DeployedLinks) -> str:
        LinkToken(links, ENTRY, rotate=True).update()
        return self.put(links)

    def former(self) -> dict[str, object]:
        told = self.aws.told[READER].get("INTER_CLOUD_TOKEN_PREVIOUS", "")
        return {one.token.reveal(): one.until for one in parse_former(told)}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_each_former_token_ends_an_hour_after_it_was_replaced_however_often_others_are(world: World) -> None:
    links = world.links()
    first = world.rotate(links)
    assert world.former() == {"old": NOON + timedelta(hours=1)}
    world.now += timedelta(minutes=30)
    second = world.rotate(links)
    assert world.former() == {"old": NOON + timedelta(hours=1), first: NOON + timedelta(minutes=90)}
    world.now += timedelta(minutes=40)
    assert world.rotate(world.links(fresh=True)) not in ("old", first, second)
    assert world.former() == {first: NOON + timedelta(minutes=90), second: NOON + timedelta(minutes=130)}


def test_a_reader_whose_tokens_end_soon_differs_in_nothing(world: World) -> None:
    links = world.links()
    world.rotate(links)
    for minutes in (50, 20):
        world.now += timedelta(minutes=minutes)
        for machine in (links, world.links(fresh=True)):
            machine.refresh()
            assert LinkToken(machine, ENTRY).compare().differences == ()


@pytest.mark.parametrize("pause", [timedelta(0), timedelta(minutes=50), timedelta(hours=2)])
def test_a_rotation_killed_before_the_reader_had_the_token_is_completed_with_an_hour_for_its_callers(
    world: World, pause: timedelta
) -> None:
    links = world.links()
    LinkToken(links, ENTRY, rotate=True).update()
    world.now += pause
    links.refresh()
    token = LinkToken(links, ENTRY)
    if token.compare().differences:
        token.update()
    assert world.put(links) != "old"
    assert world.former()["old"] >= world.now + timedelta(minutes=20)  # type: ignore[operator]


def test_a_fresh_machine_reads_address_and_token_back_from_the_reader(world: World) -> None:
    notes = world.links(fresh=True).refresh()
    saved = world.links().file.load()
    assert saved == {ENTRY: Connection(ENTRY, "https://reader", "old", "aws", "hot_reader")}
    assert notes == (f"{FILE}: url and token of {ENTRY} were read back from the deployed reader",)
    assert world.links().refresh(["gcp"]) == ()


def test_more_rotations_within_the_hour_than_the_variables_hold_are_refused(world: World) -> None:
    links = world.links()
    for _ in range(MAX_FORMER):
        world.rotate(links)
    with pytest.raises(ProvisioningError, match=f"link {ENTRY}: already has {MAX_FORMER} former tokens"):
        world.rotate(links)


def test_a_reader_without_an_address_is_told_no_token(tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "aws", "aws", "aws")
    told, _ = environment(twin, links_of(twin), "aws", READER, lambda store: store, str)
    assert TOKEN not in told
