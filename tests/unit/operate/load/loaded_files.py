"""Rows of a file as text, and what the hot tier holds of them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.memory_stores import MemoryHotStore

HEAD = "device,time,v\n"


def row(second: int, value: str = "1.0", device: str = "pump-1") -> str:
    return f"{device},2026-05-31T08:30:{second:02d}Z,{value}\n"


def values(store: MemoryHotStore, device: str = "pump-1") -> dict[int, str]:
    """The values of a device by second."""
    items = [json.loads(item, parse_float=str, parse_int=str) for item in store.devices.get(device, {}).values()]
    return {int(item["id"][17:19]): item["v"] for item in items}


def beside(file: Path) -> list[str]:
    return sorted(one.name for one in file.parent.iterdir() if one != file)
