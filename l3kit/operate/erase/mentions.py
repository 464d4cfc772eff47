"""Reports of runs and the movers' list of devices, without one device: figures stay, its name and keys are removed."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any

import orjson

from l3kit.tiering.ports import JournalRow

ERASED = "(erased)"
"""Stands in reports for a device that was erased."""
_EMPTIED = ("keys", "skipped", "notes", "unmovable_first")


def names_device(report: Mapping[str, Any], device: str) -> bool:
    """Return whether a report has a part on this device, or names its pause."""
    rows = [*report.get("devices", ())]
    return any(row.get("device_id") == device for row in rows) or any(
        row.get("device") == device for row in report.get("paused", ())
    )


def without_device(report: Mapping[str, Any], device: str) -> dict[str, Any]:
    """The report with the device's figures under another name, so that its sums still hold."""
    rows = [
        row if row.get("device_id") != device else {**row, "device_id": ERASED, **{name: [] for name in _EMPTIED}}
        for row in report.get("devices", ())
    ]
    paused = [row for row in report.get("paused", ()) if row.get("device") != device]
    return {**report, "devices": rows, "paused": paused}


def report_row(row: JournalRow, report: Mapping[str, Any]) -> JournalRow:
    """The journal's record of a report, with the report in it replaced."""
    packed = zlib.compress(orjson.dumps(report))
    return JournalRow(row.version + 1, {**row.attributes, "report": packed})


def report_object(key: str, report: Mapping[str, Any]) -> tuple[str, bytes]:
    """The key and the body of a report that replaces another; objects are never overwritten."""
    body = orjson.dumps(report, option=orjson.OPT_INDENT_2)
    stem = key.removesuffix(".json").partition("~")[0]
    return f"{stem}~{hashlib.sha256(body).hexdigest()[:8]}.json", body
