"""Toybox installed, and a sandbox that has started it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from l3kit import sandbox as l3kit_sandbox
from l3kit.conformance import Backend
from l3kit.sandbox import SandboxState
from tests.integration.aws.conftest import make_twin
from tests.support.installed import cloud_installed
from tests.toy_cloud.hot_store import ToyHotStore
from tests.toy_cloud.journal_store import ToyJournalStore
from tests.toy_cloud.names import NAME
from tests.toy_cloud.object_store import CLASSES, OWN_CLASS, ToyObjectStore

__all__ = ["make_twin"]


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    """Toybox's stores for the conformance suite."""

    def folder(name: str) -> Path:
        made = tmp_path / name
        made.mkdir()
        return made

    return Backend(
        NAME,
        lambda: ToyHotStore(folder("hot")),
        lambda: partial(ToyJournalStore, folder("journal")),
        lambda tier: ToyObjectStore(folder(tier), tier),
        CLASSES,
        OWN_CLASS,
    )


@pytest.fixture(scope="module")
def toybox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The package, installed."""
    with cloud_installed(tmp_path_factory.mktemp("installed"), NAME, "tests.toy_cloud.provider:PROVIDER"):
        yield


@pytest.fixture(scope="module")
def sandbox(toybox: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxState]:
    """A sandbox of its own: one that was started before the package was installed knows nothing of it."""
    home = tmp_path_factory.mktemp("sandbox")
    yield l3kit_sandbox.up(home)
    l3kit_sandbox.down(home)
