"""A writer and a mover, deployed, and machines that look at their link."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from l3kit.clouds.ports.deployed_links import DeployedLinks
from l3kit.clouds.shared.environment import environment
from l3kit.clouds.shared.links import LinkToken
from l3kit.tiering.tokens import parse_former
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin
from tests.support.deployed import NOON, Deployed, links_of

TOKEN, PREVIOUS, URL = "INTER_CLOUD_TOKEN", "INTER_CLOUD_TOKEN_PREVIOUS", "REMOTE_COLD_WRITER_URL"
AUTH, UNTIL = "LINK_AUTH", "LINK_AUTH_TOKEN_UNTIL"
WRITER, MOVER = "cold-writer", "hot-to-cold-mover"


@dataclass
class World:
    """Hot on AWS, cold on Azure: what is deployed there, the clock, and machines with a folder each."""

    folder: Path
    aws: Deployed = field(default_factory=lambda: Deployed({MOVER: {TOKEN: "old", URL: "https://w"}}))
    azure: Deployed = field(default_factory=lambda: Deployed({WRITER: {TOKEN: "old"}}, {WRITER: "https://w"}))
    now: datetime = NOON
    link_auth: str = "token"
    _numbers: Any = field(default_factory=itertools.count)

    def machine(self, **clouds: Deployed) -> DeployedLinks:
        """A machine that has the twin's folder, but no file of its links."""
        folder = self.folder / f"machine-{next(self._numbers)}"
        folder.mkdir()
        write_twin(folder, "plant", "aws", "azure", "azure", ["pump-1"], link_auth=self.link_auth)
        return links_of(Twin.load(folder), clouds or {"aws": self.aws, "azure": self.azure}, lambda: self.now)

    def told(self, links: DeployedLinks, function: str) -> dict[str, str]:
        """What an apply there would tell a function, of its link."""
        host = {WRITER: "azure", MOVER: "aws"}[function]
        more = dict.fromkeys(("COSMOS_ENDPOINT", "COSMOS_DATABASE_NAME", "STORAGE_ACCOUNT_URL"), "x")
        told, _ = environment(links.twin, links, host, function, lambda store: store, str, more)
        return {name: told[name] for name in (TOKEN, PREVIOUS, URL, AUTH, UNTIL) if name in told}

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
