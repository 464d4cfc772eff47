"""Reports as a mover returns them."""

from __future__ import annotations

from typing import Any


def report(verdict: str = "complete", items: int = 5, **more: Any) -> dict[str, Any]:
    device = {"device_id": "d", "items": items, "bytes": items * 10, "chunks": 1, "keys": ["k"], "skipped": []}
    device |= {"notes": [], "remains": verdict == "deadline"}
    base = {"verdict": verdict, "items": items, "bytes": items * 10, "chunks": 1, "devices": [device]}
    return {**base, "requests": {"hot.query": 2}, "retries": {"hot.query": 1}, **more}
