"""An entrance, a writer or reader, as two resources in addition to its function: its token and its address."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests

from l3kit.clouds.ports.changes import SECRET, Difference, differs, hidden_change
from l3kit.clouds.ports.deployed_links import DeployedLinks
from l3kit.clouds.ports.resources import Finding
from l3kit.clouds.shared.waiting import ANSWER_LIMIT, wait_until
from l3kit.tiering.transfer.connection import open_session

ASKED_FOR = "a new token was requested"
TOKEN_EXPIRES = "its sender still has the former token, which expires soon"


@dataclass(frozen=True)
class LinkToken:
    """Token of an entrance, saved before it is set at the function that checks it.

    Attributes:
        name: the entrance's id.
        rotate: replace the existing token.
    """

    links: DeployedLinks = field(repr=False, compare=False)
    name: str
    rotate: bool = False
    rotated: list[bool] = field(default_factory=list, repr=False, compare=False)
    kind: str = "link token"
    holds_data: bool = False

    def compare(self) -> Finding:
        there = self.links.get(self.name)
        if there is None or not there.token.strip():
            return Finding.missing({"token": SECRET})
        if self.rotate and not self.rotated:
            return Finding.of(True, [Difference(ASKED_FOR, (hidden_change("token", was=True, will_be=True),))])
        expires = self.links.has_expiring_token(self.name)
        return Finding.of(True, [Difference(TOKEN_EXPIRES)] if expires else [])

    def create(self) -> None:
        self.links.renew(self.name)
        self.rotated.append(True)

    def update(self) -> None:
        if self.rotate and not self.rotated:
            self.create()
        else:
            self.links.extend_token(self.name)

    def delete(self) -> None:
        """Clear token and url of the entry: a token is worthless without its receiver."""
        self.links.forget(self.name)


@dataclass(frozen=True)
class LeftOverLink:
    """Entrance of a former layout in the twin's connections."""

    links: DeployedLinks = field(repr=False, compare=False)
    name: str
    kind: str = "link token"
    holds_data: bool = False

    def compare(self) -> Finding:
        return Finding(self.name in self.links.file.load())

    def create(self) -> None:
        """Do nothing: the link is not desired."""

    def update(self) -> None:
        """Do nothing: the link is not desired."""

    def delete(self) -> None:
        self.links.file.remove(self.name)


def writer_answers(url: str) -> bool:
    """Return whether a writer's or reader's own code responds there: without a token it returns 403 as JSON."""
    try:
        with open_session(url) as http:
            answer = http.post(url, timeout=10, allow_redirects=False)
        return answer.status_code == 403 and "error" in answer.json()
    except (requests.RequestException, ValueError):
        return False


def _without_query(url: str) -> str:
    """Return an address without its query, which may contain a key."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@dataclass(frozen=True)
class LinkAddress:
    """An entrance's address in the twin's connections, for clouds that give every function one at creation.

    Attributes:
        name: the entrance's id.
        answers: whether the function's code responds there.
    """

    links: DeployedLinks = field(repr=False, compare=False)
    name: str
    answers: Callable[[str], bool] = field(default=writer_answers, repr=False, compare=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False, compare=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False, compare=False)
    kind: str = "link address"
    holds_data: bool = False

    def compare(self) -> Finding:
        saved, writer = self.links.saved(self.name), self.links.writer(self.name)
        if saved is None or not saved.url:
            return Finding(False)
        if writer is None or saved.url == writer.url:
            return Finding.of(True, [])
        words = "it differs from the deployed one"
        return Finding.of(True, [differs(words, "url", _without_query(saved.url), _without_query(writer.url))])

    def create(self) -> None:
        """Save the address. Raises: ProvisioningError if the writer does not respond in time."""
        self.update()

    def update(self) -> None:
        writer = self.links.writer(self.name)
        url = writer.url if writer else ""
        wait_until(
            lambda: self.answers(url),
            f"the {self.links.twin.layout.entrance(self.name).role} of {self.name} answers",
            ANSWER_LIMIT,
            sleep=self.sleep,
            clock=self.clock,
        )
        self.links.keep_url(self.name, url)

    def delete(self) -> None:
        if self.links.saved(self.name) is not None:
            self.links.keep_url(self.name, "")
