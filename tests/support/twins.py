"""Twins on given clouds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin


def twin_on(
    folder: Path,
    hot: str,
    cold: str,
    archive: str,
    devices: Sequence[str] = ("pump-1",),
    chain: tuple[str, str] | None = None,
) -> Twin:
    """The twin `plant`, with its files in this folder; `chain`: the clouds of layers 1 and 2, if it deploys them."""
    write_twin(folder, "plant", hot, cold, archive, list(devices), chain)
    return Twin.load(folder)


def link_id(twin: Twin, receiver: str) -> str:
    """The id of the link to this writer; empty without one."""
    link = twin.layout.link_to(receiver)
    return link.id if link else ""
