"""Links are looked at, not remembered."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from l3kit.clouds.shared.links import LinkToken
from l3kit.errors import MissingConnectionError, PermissionMissingError
from l3kit.session import Session
from l3kit.twin.connections import FILE, Connection, LinkFile, load_connections, save_inter_cloud_connection
from tests.support.deployed import links_of
from tests.unit.clouds.ports.linked import MOVER, PREVIOUS, TOKEN, URL, WRITER, World, link_of, nothing_differs


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
    real = Session("live", {}).link_file(twin)
    assert real == LinkFile(twin.path / FILE)
    files = {Session("sandbox", {}, tmp_path / name).link_file(twin) for name in ("one", "other")}
    assert {file.path for file in files} == {tmp_path / name / "twins" / "plant" / FILE for name in ("one", "other")}
    for number, file in enumerate(sorted(files, key=str)):
        file.save(Connection("azure_l3hot_to_gcp_l3cold", "http://127.0.0.1:1/", f"token-{number}"))
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert {link.token for file in files for link in file.load().values()} == {"token-0", "token-1"}
    assert real.load() == {}
