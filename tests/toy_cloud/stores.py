"""Toybox's stores by name: each is a folder below the one that `TOYBOX_FOLDER` names."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from l3kit.clouds.ports.resources import AlreadyThereError, Finding
from l3kit.tiering.runtime.openers import Openers
from tests.toy_cloud.hot_store import ToyHotStore
from tests.toy_cloud.journal_store import ToyJournalStore
from tests.toy_cloud.object_store import ToyObjectStore

OWNER_FILE = "owner"


def openers(folder: Path) -> Openers:
    """Return what opens the stores for a function."""
    return Openers(
        lambda name: ToyHotStore(folder / name),
        lambda name: ToyJournalStore(folder / name),
        lambda name, tier: ToyObjectStore(folder / name, tier),
    )


@dataclass(frozen=True)
class StoreFolder:
    """A store as a resource of a plan."""

    folder: Path = field(repr=False)
    name: str
    twin_name: str
    kind: str
    holds_data: bool = True

    def compare(self) -> Finding:
        try:
            owner = (self.folder / self.name / OWNER_FILE).read_text("utf-8")
        except FileNotFoundError:
            return Finding((self.folder / self.name).exists(), owned=False)
        return Finding(True, owned=owner == self.twin_name)

    def create(self) -> None:
        made = self.folder / f".{self.name}"
        made.mkdir(parents=True, exist_ok=True)
        (made / OWNER_FILE).write_text(self.twin_name, "utf-8")
        try:
            made.rename(self.folder / self.name)
        except OSError:
            raise AlreadyThereError(f"{self.kind} {self.name}", "exists already") from None

    def update(self) -> None:
        """Change nothing: a store has no settings."""

    def delete(self) -> None:
        shutil.rmtree(self.folder / self.name, ignore_errors=True)
