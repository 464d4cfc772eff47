"""Devices of rows that are not in the twin's list."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.operate.load.kept import LoadStoppedError
from l3kit.twin.config import Twin
from tests.support.loading import FaultyHotStore, load_into
from tests.unit.operate.load.loaded_files import HEAD, row


def test_new_devices_are_in_the_list_before_their_items_are_written(twin: Twin, file: Path) -> None:
    file.write_text(HEAD + row(1) + row(1, device="pump-3") + row(1, device="pump-4") + row(1, device="x" * 600))
    store = FaultyHotStore(at=2, fault="refused")
    with pytest.raises(LoadStoppedError):
        load_into(store, twin, file, add_devices=True)
    assert "pump-4" not in store.devices
    assert [device.id for device in Twin.load(twin.path).devices] == ["pump-1", "pump-2", "pump-3", "pump-4"]
    report = load_into(store, Twin.load(twin.path), file, add_devices=True)
    assert (report.devices_added, dict(report.files[0].problems)) == ((), {"bad-device": 1})
    file.write_text(HEAD + row(2, device="pump-5"))
    report = load_into(store, twin, file, add_devices=True)
    assert report.devices_added == ("pump-5",)
    assert "apply the twin again" in report.notes[-1]
