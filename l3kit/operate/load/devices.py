"""Devices of the rows: those of the twin, and new ones, which are added to its list."""

from __future__ import annotations

from collections.abc import Sequence

from l3kit.operate.load.mapping import bad, unknown_device
from l3kit.operate.load.rows import BadRow, Row
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.messages import MessageProblem
from l3kit.twin.config import Twin
from l3kit.twin.device_limits import device_problems
from l3kit.twin.device_list import add_devices
from l3kit.twin.devices import DEVICES


def device_notes(added: Sequence[str], *, dry_run: bool = False) -> list[str]:
    """Return notes on devices that were, or would be, added to the twin's list; empty if there are none."""
    if not added:
        return []
    count = count_of(len(added), "device")
    if dry_run:
        return [f"{count} would be added to {DEVICES}"]
    return [f"{count} added to {DEVICES}: apply the twin again, so that its functions know them"]


class LoadedDevices:
    """Decides whether rows of a device are loaded.

    Args:
        add: add unknown devices to the twin's list.
        dry_run: do not write the list.
    """

    def __init__(self, twin: Twin, *, add: bool, dry_run: bool = False) -> None:
        self._twin = twin
        self._known = {device.id for device in twin.devices}
        self._add = add
        self._dry_run = dry_run
        self._faults: dict[str, str] = {}
        self._new: list[str] = []
        self.added: list[str] = []

    def refusal(self, row: Row, device: str) -> BadRow | None:
        """Return the row as a bad one if rows of its device are not loaded."""
        if device in self._known:
            return None
        fault = self._faults.get(device)
        if fault is None:
            fault = next(device_problems(device, self._twin.layout), "")
            if len(self._faults) < 100_000:
                self._faults[device] = fault
        if fault:
            return bad(row, MessageProblem.BAD_DEVICE, fault)
        if self._add:
            self._known.add(device)
            self._new.append(device)
            return None
        if self._twin.config.unknown_devices == "keep":
            return None
        return unknown_device(row, device, self._known)

    def save(self) -> None:
        """Add new devices to the twin's list, before an item of them is written. Raises: ConfigurationError."""
        if not self._new:
            return
        self.added += self._new if self._dry_run else add_devices(self._twin.path / DEVICES, self._new)
        self._new = []
