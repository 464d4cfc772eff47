"""Links are looked at, not remembered; and while a token is replaced its writer takes the former one for a while."""

from __future__ import annotations

import itertools
import json
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.ports.deployed_links import MAX_FORMER, DeployedLinks
from l3kit.clouds.shared.environment import environment
from l3kit.clouds.shared.links import LinkToken
from l3kit.errors import MissingConnectionError, PermissionMissingError, ProvisioningError
from l3kit.session import Session
from l3kit.tiering.tokens import GRACE, FormerToken, Secret, parse_former
from l3kit.twin.config import Twin
from l3kit.twin.connections import FILE, Connection, LinkFile, load_connections, save_inter_cloud_connection
from tests.integration.aws.conftest import write_twin
from tests.support.deployed import NOON, Deployed, links_of

TOKEN, PREVIOUS, URL = "INTER_CLOUD_TOKEN", "INTER_CLOUD_TOKEN_PREVIOUS", "REMOTE_COLD_WRITER_URL"
WRITER, MOVER = "cold-writer", "hot-to-cold-mover"


@dataclass
class World:
    """Hot on AWS, cold on Azure: what is deployed there, the clock, and machines with a folder each."""

    folder: Path
    aws: Deployed = field(default_factory=lambda: Deployed({MOVER: {TOKEN: "old", URL: "https://w"}}))
    azure: Deployed = field(default_factory=lambda: Deployed({WRITER: {TOKEN: "old"}}, {WRITER: "https://w"}))
    now: datetime = NOON
    _numbers: Any = field(default_factory=itertools.count)

    def machine(self, **clouds: Deployed) -> DeployedLinks:
        """A machine that has the twin's folder, but no file of its links."""
        folder = self.folder / f"machine-{next(self._numbers)}"
        folder.mkdir()
        write_twin(folder, "plant", "aws", "azure", "azure", ["pump-1"])
        return links_of(Twin.load(folder), clouds or {"aws": self.aws, "azure": self.azure}, lambda: self.now)

    def told(self, links: DeployedLinks, function: str) -> dict[str, str]:
        """What an apply there would tell a function, of its link."""
        host = {WRITER: "azure", MOVER: "aws"}[function]
        more = dict.fromkeys(("COSMOS_ENDPOINT", "COSMOS_DATABASE_NAME", "STORAGE_ACCOUNT_URL"), "x")
        told, _ = environment(links.twin, links, host, function, lambda store: store, more)
        return {name: told[name] for name in (TOKEN, PREVIOUS, URL) if name in told}

    def put(self, links: DeployedLinks, function: str) -> None:
        (self.azure if function == WRITER else self.aws).told[function] = self.told(links, function)

    @property
    def served(self) -> bool:
        """Whether the writer takes what the mover has."""
        return self.takes(self.aws.told[MOVER][TOKEN])

    def takes(self, token: str) -> bool:
        told = self.azure.told[WRITER]
        former = [one.token.reveal() for one in parse_former(told.get(PREVIOUS, "")) if self.now < one.until]
        return token in (told[TOKEN], *former)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def link_of(links: DeployedLinks) -> str:
    return links.twin.layout.links[0].id


def rotated(links: DeployedLinks) -> LinkToken:
    token = LinkToken(links, link_of(links), rotate=True)
    assert token.compare().differences == ("a new token was requested",)
    token.update()
    assert token.compare().differences == ()
    return token


def nothing_differs(world: World, links: DeployedLinks) -> bool:
    told = world.told(links, WRITER) == world.azure.told[WRITER] and world.told(links, MOVER) == world.aws.told[MOVER]
    return told and LinkToken(links, link_of(links)).compare().differences == ()


# --- looked at --------------------------------------------------------------------------------------------------


def test_a_fresh_machine_reads_links_back_and_changes_nothing(world: World) -> None:
    links = world.machine()
    other = {"provider": "aws", "function": "writer", "token": "t", "url": "https://u", "kept": "too"}
    file = links.twin.path / FILE
    file.write_text(json.dumps({"connections": {"azure_l2_to_aws_l3hot": other}, "note": 1}))
    assert nothing_differs(world, links)
    (note,) = links.refresh()
    assert note == f"{FILE}: url and token of {link_of(links)} were read back from the deployed writer"
    made = {"provider": "azure", "function": "cold_writer", "token": "old", "url": "https://w"}
    assert json.loads(file.read_text()) == {
        "connections": {"azure_l2_to_aws_l3hot": other, link_of(links): made},
        "note": 1,
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    assert links.refresh() == ()
    assert nothing_differs(world, links)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("url", "token", "words"),
    [
        ("", "old", "url"),
        ("https://w", "", "token"),
        ("https://other", "old", "url"),
        ("https://w", "other", "token"),
        ("", "", "url and token"),
    ],
)
def test_what_the_deployed_writer_says_is_right_whatever_the_file_says(
    world: World, url: str, token: str, words: str
) -> None:
    links = world.machine()
    save_inter_cloud_connection(links.twin.path, link_of(links), url, token)
    assert nothing_differs(world, links)
    (note,) = links.refresh()
    assert note.startswith(f"{FILE}: {words} of {link_of(links)} were read back")
    saved = load_connections(links.twin.path)[link_of(links)]
    assert (saved.url, saved.token) == ("https://w", "old")


def test_a_mover_that_was_told_something_else_is_brought_after_the_writer(world: World) -> None:
    links = world.machine()
    world.aws.told[MOVER] = {TOKEN: "other", URL: "https://other"}
    assert world.told(links, MOVER) == {TOKEN: "old", URL: "https://w"}
    assert world.told(links, WRITER) == world.azure.told[WRITER]


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_writer_whose_token_is_blank_gets_a_new_one_whatever_the_file_says(world: World, blank: str) -> None:
    links = world.machine()
    save_inter_cloud_connection(links.twin.path, link_of(links), "https://w", "old")
    world.azure.told[WRITER] = {TOKEN: blank}
    token = LinkToken(links, link_of(links))
    assert not token.compare().exists
    assert links.refresh() == ()
    token.create()
    assert token.compare().exists
    new = load_connections(links.twin.path)[link_of(links)]
    assert new.token not in ("old", blank)
    assert new.former == ()
    world.put(links, WRITER)
    world.put(links, MOVER)
    assert world.served
    assert nothing_differs(world, world.machine())


def test_a_writer_that_is_still_to_be_made_gets_the_token_that_was_saved_before_a_kill(world: World) -> None:
    links = world.machine()
    del world.azure.told[WRITER]
    assert not LinkToken(links, link_of(links)).compare().exists
    LinkToken(links, link_of(links)).create()
    saved = load_connections(links.twin.path)[link_of(links)]
    assert LinkToken(links, link_of(links)).compare().exists
    assert world.told(links, WRITER) == {TOKEN: saved.token}
    other = world.machine()
    LinkToken(other, link_of(other)).create()
    world.put(other, WRITER)
    assert world.told(links, WRITER) == world.azure.told[WRITER], "another machine was faster: its token is right"


def test_an_address_without_a_writer_leads_nowhere(world: World) -> None:
    links = world.machine()
    save_inter_cloud_connection(links.twin.path, link_of(links), "https://w", "old")
    del world.azure.told[WRITER]
    with pytest.raises(MissingConnectionError, match=r"url=False, token=True\. Deploy the receiving cloud first"):
        links.address(links.twin.layout.links[0])


def test_settings_that_may_not_be_read_are_told_and_nothing_is_made_anew(world: World) -> None:
    links = world.machine()
    world.azure.denied.add(WRITER)
    with pytest.raises(PermissionMissingError, match="GetFunction is not allowed"):
        LinkToken(links, link_of(links)).compare()
    assert links.refresh(["gcp"]) == ()
    (note,) = links.refresh(["aws"])
    assert note == (f"{link_of(links)} could not be read: function cold-writer: GetFunction is not allowed. Ask for it")
    assert not (links.twin.path / FILE).exists()
    save_inter_cloud_connection(links.twin.path, link_of(links), "https://w", "old")
    before = (links.twin.path / FILE).read_bytes()
    (note,) = links.refresh()
    assert note == (
        f"{link_of(links)} could not be read, so {FILE} is used: "
        "function cold-writer: GetFunction is not allowed. Ask for it"
    )
    assert nothing_differs(world, links)
    with pytest.raises(PermissionMissingError):
        LinkToken(links, link_of(links), rotate=True).update()
    assert (links.twin.path / FILE).read_bytes() == before


def test_a_writer_on_a_cloud_that_is_not_reached_needs_the_file_and_says_so(world: World) -> None:
    links = world.machine(aws=world.aws)
    with pytest.raises(MissingConnectionError, match="Its cloud is not reached here: take the file from where"):
        links.address(links.twin.layout.links[0])
    save_inter_cloud_connection(links.twin.path, link_of(links), "https://w", "old")
    assert links.address(links.twin.layout.links[0]) == ("https://w", "old")
    assert links.refresh() == ()


def test_the_link_of_a_sandbox_among_real_ones_is_not_taken_for_one(world: World) -> None:
    """0.1.0 kept the links of sandboxes in the twin's folder too."""
    links = world.machine(aws=world.aws)
    save_inter_cloud_connection(links.twin.path, link_of(links), "http://127.0.0.1:4566/x", "emulated")
    with pytest.raises(MissingConnectionError, match="url=False, token=False"):
        links.address(links.twin.layout.links[0])
    there = links_of(links.twin, {}, sandbox=True)
    assert there.address(there.twin.layout.links[0]) == ("http://127.0.0.1:4566/x", "emulated")


def test_a_file_that_cannot_be_written_changes_nothing_but_a_note(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = world.machine()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("l3kit.twin.connections._write", refuse)
    (note,) = links.refresh()
    assert "but not kept" in note
    assert "Permission denied" in note
    assert nothing_differs(world, links)
    saved = links.saved(link_of(links))
    assert saved is not None
    assert (saved.url, saved.token) == ("https://w", "old")


def test_nothing_that_is_told_or_shown_holds_a_token(world: World) -> None:
    links = world.machine()
    world.azure.told[WRITER] = {TOKEN: "secret-one", PREVIOUS: "2026-11-28T12:30:00Z secret-two"}
    notes = links.refresh()
    there, writer = links.get(link_of(links)), links.writer(link_of(links))
    assert there is not None
    shown = " ".join([*notes, repr(there), repr(writer), repr(links), repr(there.former), str(links)])
    assert "secret-" not in shown


def test_each_target_has_a_file_of_its_own(world: World, tmp_path: Path) -> None:
    twin = world.machine().twin
    real = Session("aws", {}).link_file(twin)
    assert real == LinkFile(twin.path / FILE)
    files = {Session("sandbox", {}, tmp_path / name).link_file(twin) for name in ("one", "other")}
    assert {file.path for file in files} == {tmp_path / name / "twins" / "plant" / FILE for name in ("one", "other")}
    for number, file in enumerate(sorted(files, key=str)):
        file.save(Connection("azure_l3hot_to_gcp_l3cold", "http://127.0.0.1:1/", f"token-{number}"))
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert {link.token for file in files for link in file.load().values()} == {"token-0", "token-1"}
    assert real.load() == {}


# --- two tokens while one is replaced ---------------------------------------------------------------------------


def test_at_no_step_of_a_rotation_is_the_mover_refused_and_the_former_token_ends_by_itself(world: World) -> None:
    links = world.machine()
    rotated(links)
    assert world.served
    world.put(links, WRITER)
    assert world.served, "the mover still has the former token"
    assert world.azure.told[WRITER][PREVIOUS] == "2026-11-28T13:00:00Z old"
    world.put(links, MOVER)
    assert world.served
    assert world.aws.told[MOVER][TOKEN] != "old"
    assert world.takes("old"), "a run that began before has the former token to its end"
    for machine in (links, world.machine()):
        assert nothing_differs(world, machine)
    world.now = NOON + GRACE
    assert not world.takes("old")
    for machine in (links, world.machine()):
        machine.refresh()
        assert nothing_differs(world, machine), "no apply is needed for its end"


Step = Callable[[World, DeployedLinks], object]
STEPS: list[Step] = [
    lambda world, links: rotated(links),
    lambda world, links: world.put(links, WRITER),
    lambda world, links: world.put(links, MOVER),
]


@pytest.mark.parametrize("other_machine", [False, True])
@pytest.mark.parametrize("done", range(len(STEPS) + 1))
@pytest.mark.parametrize("pause", [timedelta(0), timedelta(minutes=50)])
def test_a_rotation_killed_after_any_step_is_completed_by_the_next_apply(
    world: World, done: int, other_machine: bool, pause: timedelta
) -> None:
    links = world.machine()
    for step in STEPS[:done]:
        step(world, links)
        assert world.served
    world.now += pause
    next_one = world.machine() if other_machine else links
    next_one.refresh()
    token = LinkToken(next_one, link_of(next_one))
    if token.compare().differences:
        token.update()
    world.put(next_one, WRITER)
    assert world.served
    began_with = world.aws.told[MOVER][TOKEN]
    world.put(next_one, MOVER)
    assert world.served
    world.now += timedelta(minutes=15)
    assert world.takes(began_with), "a run that began just before is served to its end"
    unknown_there = other_machine and done == 1
    assert (world.azure.told[WRITER][TOKEN] == "old") == (unknown_there or done == 0)
    if unknown_there:
        (note,) = links.refresh()
        assert note == f"{link_of(links)}: an interrupted apply created a token that its writer does not have yet"
        LinkToken(links, link_of(links)).update()
        for function in (WRITER, MOVER):
            world.put(links, function)
            assert world.served
    for machine in (links, world.machine()):
        machine.refresh()
        assert nothing_differs(world, machine)


def test_a_second_rotation_keeps_what_movers_may_still_have_and_nothing_else(world: World) -> None:
    links = world.machine()
    for step in STEPS:
        step(world, links)
    first = world.aws.told[MOVER][TOKEN]
    world.now += timedelta(minutes=5)
    rotated(links)
    world.put(links, WRITER)
    assert world.served
    former = parse_former(world.azure.told[WRITER][PREVIOUS])
    assert former == (
        FormerToken(NOON + GRACE, Secret("old")),
        FormerToken(NOON + GRACE + timedelta(minutes=5), Secret(first)),
    )
    world.now = NOON + timedelta(minutes=55)
    rotated(links)  # once more, the mover still having the first
    never_told = world.azure.told[WRITER][TOKEN]
    world.put(links, WRITER)
    assert not world.takes(never_told)
    world.now += timedelta(minutes=59)
    assert world.served
    assert not world.takes("old")
    world.put(links, MOVER)
    assert world.served
    world.now = NOON + timedelta(hours=3)
    rotated(links)
    world.put(links, WRITER)
    assert len(parse_former(world.azure.told[WRITER][PREVIOUS])) == 1, "those that have ended are gone"
    assert world.served


def test_two_machines_that_rotate_at_once_end_with_one_token(world: World) -> None:
    one, other = world.machine(), world.machine()
    rotated(one)
    rotated(other)
    world.put(one, WRITER)
    assert world.served
    assert world.told(other, WRITER) == world.azure.told[WRITER], "the other's token was never told anybody"
    world.put(other, MOVER)
    world.put(one, MOVER)
    assert world.served
    for machine in (one, other, world.machine()):
        machine.refresh()
        assert nothing_differs(world, machine)


def test_a_rotation_without_end_is_refused_and_says_when_it_can_go_on(world: World) -> None:
    links = world.machine()
    for _ in range(MAX_FORMER):
        for step in STEPS:
            step(world, links)
    assert len(parse_former(world.azure.told[WRITER][PREVIOUS])) == MAX_FORMER
    with pytest.raises(ProvisioningError, match=r"has 8 former .* Rotate again after 2026-11-28T13:00:00Z"):
        LinkToken(links, link_of(links), rotate=True).update()
    assert nothing_differs(world, links)


def test_where_the_mover_cannot_be_looked_at_all_that_it_may_have_is_kept(world: World) -> None:
    links = world.machine(azure=world.azure)
    world.azure.told[WRITER][PREVIOUS] = "2026-11-28T12:05:00Z older 2026-11-28T11:00:00Z ended"
    assert LinkToken(links, link_of(links)).compare().differences == (), "its end is not put off for ever"
    rotated(links)
    world.put(links, WRITER)
    former = parse_former(world.azure.told[WRITER][PREVIOUS])
    assert former == tuple(FormerToken(NOON + GRACE, Secret(token)) for token in ("older", "old"))


@pytest.mark.parametrize(
    "strange",
    [
        "2099-01-01T00:00:00Z mine",
        "2026-11-28T12:30:00Z old 2099-01-01T00:00:00Z mine",
        "mine",
        "2026-11-28 mine",
        "2026-11-28T12:30:00Z one two",
    ],
)
def test_former_tokens_that_l3kit_did_not_set_show_as_drift_and_go(world: World, strange: str) -> None:
    links = world.machine()
    world.azure.told[WRITER][PREVIOUS] = strange
    assert world.told(links, WRITER) == {TOKEN: "old"}


def test_a_link_whose_writer_is_gone_is_emptied_former_tokens_too(world: World) -> None:
    links = world.machine()
    for step in STEPS:
        step(world, links)
    LinkToken(links, link_of(links)).delete()
    content = json.loads((links.twin.path / FILE).read_text())["connections"]
    assert content == {link_of(links): {"provider": "azure", "function": "cold_writer", "token": "", "url": ""}}
