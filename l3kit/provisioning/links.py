"""The receiving end of a cross-cloud link: its token, and its writer's address, both kept in the twin's folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests

from l3kit.connections import Connection, load_connections, new_token, save_inter_cloud_connection
from l3kit.provisioning.model import Finding
from l3kit.provisioning.waiting import wait_until

ANSWER_LIMIT = 90.0
"""Seconds until a new address answers."""


@dataclass(frozen=True)
class LinkToken:
    """A token for a link. Saved before the function that checks it is made.

    Attributes:
        name: the link's id.
        provider, function: who receives.
        rotate: replace the token that there is.
    """

    twin_path: Path = field(repr=False)
    name: str
    provider: str
    function: str
    rotate: bool = False
    rotated: list[bool] = field(default_factory=list, repr=False, compare=False)
    kind: str = "link token"
    holds_data: bool = False

    def compare(self) -> Finding:
        """See `Resource.compare`."""
        connection = load_connections(self.twin_path).get(self.name)
        if connection is None or not connection.token.strip():
            return Finding(False)
        wanted = self.rotate and not self.rotated
        return Finding(True, True, ("a new token is asked for",) if wanted else ())

    def create(self) -> None:
        """See `Resource.create`."""
        there = load_connections(self.twin_path).get(self.name) or Connection(self.name, "", "")
        self._save(there.url, new_token())
        self.rotated.append(True)

    def update(self) -> None:
        """See `Resource.update`."""
        self.create()

    def delete(self) -> None:
        """The token is worthless without its writer; the entry loses it and the url."""
        if self.name in load_connections(self.twin_path):
            self._save("", "")

    def _save(self, url: str, token: str) -> None:
        save_inter_cloud_connection(
            self.twin_path, self.name, url, token, provider=self.provider, function=self.function
        )


def writer_answers(url: str) -> bool:
    """Whether a writer's own code answers there: without a token it says 403, as JSON."""
    try:
        answer = requests.post(url, timeout=10, allow_redirects=False)
        return answer.status_code == 403 and "error" in answer.json()
    except (requests.RequestException, ValueError):
        return False


@dataclass(frozen=True)
class LinkAddress:
    """A writer's address in the twin's connections, for clouds where every function has one from its making.

    Attributes:
        url: the address as the cloud tells it; None while there is no such function.
        owned: whether that function is this twin's.
        answers: whether the function's code answers there.
    """

    twin_path: Path = field(repr=False)
    name: str
    provider: str
    function: str
    url: Callable[[], str | None] = field(repr=False, compare=False)
    owned: Callable[[], bool] = field(repr=False, compare=False)
    answers: Callable[[str], bool] = field(repr=False, compare=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False, compare=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False, compare=False)
    kind: str = "link address"
    holds_data: bool = False

    def compare(self) -> Finding:
        """See `Resource.compare`."""
        saved, there = load_connections(self.twin_path).get(self.name), self.url()
        if saved is None or not saved.url:
            return Finding(False)
        differs = ("it is not that of the writer",) if there is not None and saved.url != there else ()
        return Finding(True, there is None or self.owned(), differs)

    def create(self) -> None:
        """See `Resource.create`. Raises: ProvisioningError where the writer does not answer in time."""
        self.update()

    def update(self) -> None:
        """See `Resource.update`."""
        url = self.url() or ""
        wait_until(
            lambda: self.answers(url), f"{self.function} answers", ANSWER_LIMIT, sleep=self.sleep, clock=self.clock
        )
        self._save(url)

    def delete(self) -> None:
        """See `Resource.delete`."""
        if self.name in load_connections(self.twin_path):
            self._save("")

    def _save(self, url: str) -> None:
        saved = load_connections(self.twin_path).get(self.name)
        token = saved.token if saved else ""
        save_inter_cloud_connection(
            self.twin_path, self.name, url, token, provider=self.provider, function=self.function
        )
