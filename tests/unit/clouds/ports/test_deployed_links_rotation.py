"""While a token is replaced its writer takes the former one for a while."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from l3kit.clouds.ports.deployed_links import MAX_FORMER, DeployedLinks
from l3kit.clouds.shared.links import LinkToken
from l3kit.errors import ProvisioningError
from l3kit.tiering.tokens import GRACE, FormerToken, Secret, parse_former
from l3kit.twin.connections import FILE
from tests.support.deployed import NOON
from tests.unit.clouds.ports.linked import MOVER, PREVIOUS, TOKEN, WRITER, World, link_of, nothing_differs, rotated


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
