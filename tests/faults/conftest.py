"""Worlds for the fault tests: one sandbox per worker, one deployed twin for each layout and tuning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from l3kit.deploy import apply, plan
from l3kit.sandbox import SandboxState
from l3kit.session import Session, reached, sandbox_session
from l3kit.twin.config import Twin
from tests.faults.refused import write_processors
from tests.faults.world import CHUNK_BYTES, DEVICES, Mover, Tally, World
from tests.integration.aws.conftest import deploy, save_link, saved_links, session, write_twin
from tests.support.accounts import aws_of

__all__ = ["session"]

MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def make_world(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeWorld]:
    """`make_world("same" | "cold" | "archive", COMPRESSION="gzip")`: where a cloud border is, and the twin's tuning.

    `refusing`: with a message chain that refuses everything, within one cloud.
    """
    worlds: dict[str, World] = {}

    def new_twin(name: str, providers: tuple[str, str, str], tuning: dict[str, Any], refusing: bool = False) -> Twin:
        folder: Path = tmp_path_factory.mktemp("twin")
        return _written(folder, name, providers, refusing, tuning=tuning)

    def make(border: str = "same", refusing: bool = False, **tuning: Any) -> World:
        identity = f"{border} {refusing} {sorted(tuning.items())}"
        if identity in worlds:
            return worlds[identity]
        tuning = {"MAX_CHUNK_BYTES": CHUNK_BYTES, "REQUEST_TIMEOUT_SECONDS": 1, **tuning}
        name = f"f{len(worlds)}"
        if border == "same":
            twin = new_twin(name, ("aws", "aws", "aws"), tuning, refusing)
            deploy(twin, session)
            worlds[identity] = World(session, twin, twin, twin)
        else:
            worlds[identity] = _across(session, new_twin, name, border, tuning)
        return worlds[identity]

    yield make
    for world in worlds.values():
        world.close()


@pytest.fixture(scope="session")
def make_layout_world(all_clouds: SandboxState, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeWorld]:
    """`make_layout_world(("azure", "gcp", "gcp"), mover)`: one twin over several clouds, its mover's writer with it.

    `refusing`: with a message chain on the hot tier's cloud, which refuses everything.
    """
    session = sandbox_session(all_clouds)
    twins: dict[str, Twin] = {}
    worlds: list[World] = []

    def make(
        layout: tuple[str, str, str], mover: Mover, link_auth: str = "token", refusing: bool = False, **tuning: Any
    ) -> World:
        tuning = {"MAX_CHUNK_BYTES": CHUNK_BYTES, "REQUEST_TIMEOUT_SECONDS": 2, **tuning}
        identity = f"{layout} {link_auth} {refusing} {sorted(tuning.items())}"
        if identity not in twins:
            folder: Path = tmp_path_factory.mktemp("twin")
            twins[identity] = _written(folder, f"c{len(twins)}", layout, refusing, tuning=tuning, link_auth=link_auth)
            apply(plan(twins[identity], session), session)
        twin = twins[identity]
        receiver = "cold-writer" if mover == "hot-to-cold-mover" else "archive-writer"
        host = twin.layout.host_of(receiver)
        writer = reached(session, host, receiver).function_name(twin, receiver) if host else None
        worlds.append(World(session, twin, twin, twin, writer))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


def _written(folder: Path, name: str, layout: tuple[str, str, str], refusing: bool, **config: Any) -> Twin:
    write_twin(folder, name, *layout, list(DEVICES), (layout[0], layout[0]) if refusing else None, **config)
    if refusing:
        write_processors(folder)
    return Twin.load(folder)


def _across(session: Session, new_twin: Callable[..., Twin], name: str, border: str, tuning: dict[str, Any]) -> World:
    if border == "cold":
        receiver = new_twin(f"{name}r", ("azure", "aws", "aws"), tuning)
        sender = new_twin(f"{name}s", ("aws", "azure", "azure"), tuning)
        ids = ("aws_l3hot_to_azure_l3cold", "azure_l3hot_to_aws_l3cold")
    else:
        receiver = new_twin(f"{name}r", ("gcp", "gcp", "aws"), tuning)
        sender = new_twin(f"{name}s", ("aws", "aws", "gcp"), tuning)
        ids = ("aws_l3cold_to_gcp_l3archive", "gcp_l3cold_to_aws_l3archive")
    deploy(receiver, session)
    there = saved_links(session, receiver)[ids[1]]
    save_link(session, sender, ids[0], there.url, there.token)
    deploy(sender, session)
    writer = aws_of(session).names(receiver.name).function(f"{border}-writer")
    cold_at = receiver if border == "cold" else sender
    return World(session, sender, cold_at, receiver, writer)


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Iterator[Tally]:
    """What a test does, counted in the summary of the run."""
    counts = Tally()
    yield counts
    for figure in fields(Tally):
        record_property(figure.name, getattr(counts, figure.name))


@pytest.fixture
def tallied(tally: Tally) -> Callable[[World], World]:
    """`tallied(world)`: what the test does there is counted."""

    def note(world: World) -> World:
        world.tally = tally
        return world

    return note
