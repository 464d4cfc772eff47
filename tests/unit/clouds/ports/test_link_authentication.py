"""A link changes between tokens and signatures, and back, while no request is refused."""

from __future__ import annotations

import itertools
import random
from datetime import datetime, timedelta

import pytest

from l3kit.clouds.ports.deployed_links import DeployedLinks
from l3kit.clouds.ports.link_authentication import accepted, check_receiver_first
from l3kit.errors import ConfigurationError
from l3kit.tiering.link_auth import SIGNATURE, TOKEN, Authentication
from l3kit.tiering.tokens import GRACE, Secret, parse_former
from l3kit.tiering.transfer.admission import Admission
from l3kit.tiering.transfer.connection import credentials
from l3kit.tiering.transfer.wire import Request
from tests.support.deployed import NOON, Deployed
from tests.unit.clouds.ports.linked import (
    AUTH,
    MOVER,
    PREVIOUS,
    UNTIL,
    URL,
    WRITER,
    World,
    nothing_differs,
    rotated,
)
from tests.unit.clouds.ports.linked import (
    TOKEN as SECRET,
)

RUN = timedelta(minutes=15)
"""The longest run of a mover, which keeps to the variables that it began with."""


def request_of(told: dict[str, str], now: datetime) -> Request:
    """What a mover with these variables sends."""
    path = f"/{WRITER}" if Authentication.from_env(told).signed else ""
    return Request(credentials(Secret(told[SECRET]), path, b"{}", now), b"{}")


def admitted(world: World, told: dict[str, str]) -> bool:
    """Whether the deployed writer admits a mover with these variables."""
    writer = world.azure.told[WRITER]
    former = parse_former(writer.get(PREVIOUS, ""))
    admission = Admission(f"/{WRITER}", Secret(writer[SECRET]), former, Authentication.from_env(writer))
    return admission.refusal(request_of(told, world.now), world.now) is None


def served(world: World) -> bool:
    return admitted(world, world.aws.told[MOVER])


def applied(world: World, links: DeployedLinks) -> None:
    """An apply, watched: the writer first, then the mover, both as their config says in the end."""
    began_with = world.aws.told[MOVER]
    world.put(links, WRITER)
    assert served(world)
    world.put(links, MOVER)
    assert served(world)
    world.now += RUN
    assert admitted(world, began_with), "a run that began just before is served to its end"


def test_tokens_become_signatures_and_the_token_itself_ends_an_hour_later(world: World) -> None:
    before = world.aws.told[MOVER]
    world.link_auth = "signature"
    links = world.machine()
    applied(world, links)
    assert world.azure.told[WRITER] == {SECRET: "old", AUTH: "signature", UNTIL: "2026-11-28T13:00:00Z"}
    assert world.aws.told[MOVER] == {SECRET: "old", URL: "https://w", AUTH: "signature"}
    for moment in (NOON + RUN, NOON + GRACE, NOON + timedelta(days=9)):
        world.now = moment
        assert admitted(world, before) == (moment < NOON + GRACE)
        for machine in (links, world.machine()):
            machine.refresh()
            assert nothing_differs(world, machine), "no apply is needed for its end, on any machine"


def test_signatures_become_tokens_again_at_once(world: World) -> None:
    world.link_auth = "signature"
    applied(world, world.machine())
    world.now += timedelta(days=1)
    signing = world.aws.told[MOVER]
    world.link_auth = "token"
    links = world.machine()
    applied(world, links)
    assert world.azure.told[WRITER] == {SECRET: "old"}
    assert admitted(world, signing)
    assert nothing_differs(world, links)


MODES = ("token", "signature")


STEPS = tuple(itertools.product(MODES, (False, True), (False, True)))
"""An apply in either mode, with a rotation or not, killed before the mover or not."""
PATHS = random.Random(15).sample(list(itertools.product(STEPS, repeat=3)), 20)


def test_any_three_applies_with_rotations_and_kills_refuse_no_request(world: World) -> None:
    machines = {}
    for mode in MODES:
        world.link_auth = mode
        machines[mode] = world.machine()
    for number, path in enumerate(PATHS):
        token = f"old-{number}"
        world.azure.told[WRITER], world.aws.told[MOVER] = {SECRET: token}, {SECRET: token, URL: "https://w"}
        for mode, rotate, killed in path:
            links = machines[mode]
            links.refresh()
            if rotate:
                rotated(links)
            began_with = world.aws.told[MOVER]
            world.put(links, WRITER)
            assert served(world), path
            if not killed:
                world.put(links, MOVER)
                assert served(world), path
            world.now += RUN
            assert admitted(world, began_with), path
        world.now += timedelta(days=1)


@pytest.mark.parametrize("minutes", [0, 41, 59, 60, 600])
def test_a_change_that_was_killed_half_way_is_completed_later(world: World, minutes: int) -> None:
    world.link_auth = "signature"
    world.put(world.machine(), WRITER)
    world.now += timedelta(minutes=minutes)
    assert served(world) == (minutes < 60)
    links = world.machine()
    expected = NOON if minutes < 41 else world.now
    assert world.told(links, WRITER)[UNTIL] == f"{expected + GRACE:%Y-%m-%dT%H:%M:%SZ}"
    applied(world, links)
    assert nothing_differs(world, links)


def test_an_end_that_l3kit_did_not_set_shows_as_drift_and_goes(world: World) -> None:
    world.link_auth = "signature"
    links = world.machine()
    applied(world, links)
    for strange in ("2099-01-01T00:00:00Z", "never"):
        world.azure.told[WRITER][UNTIL] = strange
        assert world.told(links, WRITER) == {SECRET: "old", AUTH: "signature"}


def test_a_link_that_begins_signed_never_accepts_the_token_itself(world: World) -> None:
    world.link_auth = "signature"
    links = world.machine()
    rotated(links)
    world.azure.told.clear()
    world.aws.told.clear()
    world.azure.told[WRITER] = world.told(links, WRITER)
    assert (world.azure.told[WRITER][AUTH], world.azure.told[WRITER].get(UNTIL)) == ("signature", None)
    world.put(links, MOVER)
    assert served(world)
    assert not admitted(world, {SECRET: world.aws.told[MOVER][SECRET]})


def test_a_writer_that_is_gone_is_made_again_for_the_mover_that_is_still_there(world: World) -> None:
    world.link_auth = "signature"
    links = world.machine()
    links.refresh()
    del world.azure.told[WRITER]
    assert world.told(links, WRITER)[UNTIL] == "2026-11-28T13:00:00Z"


def test_where_the_mover_cannot_be_looked_at_the_end_is_not_put_off_for_ever(world: World) -> None:
    world.link_auth = "signature"
    world.put(world.machine(), WRITER)
    links = world.machine(azure=world.azure)
    world.now += timedelta(minutes=50)
    assert world.told(links, WRITER) == world.azure.told[WRITER]


@pytest.mark.parametrize(("there", "wanted"), [MODES, MODES[::-1]])
def test_a_mover_alone_does_not_change_before_its_writer(world: World, there: str, wanted: str) -> None:
    world.link_auth = there
    applied(world, world.machine())
    links = world.machine()
    (link,) = links.twin.layout.links
    check_receiver_first(links, link)
    world.link_auth = wanted
    links = world.machine()
    with pytest.raises(ConfigurationError, match=rf"is {wanted}, which {WRITER} on azure.*Deploy aws and azure togeth"):
        check_receiver_first(links, link)
    check_receiver_first(world.machine(aws=world.aws), link)
    world.azure.told.clear()
    check_receiver_first(links, link)


def test_what_a_writer_accepts_is_read_from_it_and_where_it_is_hidden_from_the_config(world: World) -> None:
    world.link_auth = "signature"
    links = world.machine()
    (link,) = links.twin.layout.links
    assert accepted(links, link) == TOKEN
    assert accepted(world.machine(aws=Deployed()), link) == SIGNATURE
    world.put(links, WRITER)
    assert accepted(links, link) == Authentication(True, NOON + GRACE)
    world.azure.told[WRITER][AUTH] = "by hand"
    assert accepted(links, link) == TOKEN
    assert world.told(links, WRITER)[AUTH] == "signature"
