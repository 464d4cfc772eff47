"""Twins on given clouds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin

FEEDBACK = {"condition": "plant.pump.v > DOUBLE(90)", "action": {"type": "feedback", "payload": "cool down"}}


def twin_on(
    folder: Path,
    hot: str,
    cold: str,
    archive: str,
    devices: Sequence[str] = ("pump-1",),
    chain: tuple[str, str] | None = None,
    *,
    reader_urls: bool = False,
    feedback: bool = False,
) -> Twin:
    """The twin `plant`, with its files in this folder.

    Args:
        chain: the clouds of layers 1 and 2, if it deploys them.
        feedback: it has an event that sends a device a message.
    """
    write_twin(folder, "plant", hot, cold, archive, list(devices), chain)
    if feedback:
        (folder / "config_events.json").write_text(json.dumps([FEEDBACK]))
    return with_reader_urls(folder, reader_urls) if reader_urls else Twin.load(folder)


def with_reader_urls(folder: Path, reader_urls: bool) -> Twin:
    """Change this setting of a twin, and load it."""
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "reader_urls": reader_urls}))
    return Twin.load(folder)


def link_id(twin: Twin, receiver: str) -> str:
    """The id of the entrance of this writer or reader; empty without one."""
    entrance = twin.layout.entrance_of(receiver)
    return entrance.id if entrance else ""
