"""What a load tells of its files."""

from __future__ import annotations

from pathlib import Path

from l3kit.operate.load.loading import load
from l3kit.twin.config import Twin
from tests.unit.operate.load.loaded_files import HEAD, beside, row


def test_a_dry_run_tells_items_and_problems_and_touches_nothing(twin: Twin, file: Path) -> None:
    file.write_text(HEAD + row(1) + "pump-1,soon,1\n" + row(2, device="pump-7") + row(3))
    report = load(None, twin, [file], {"dry_run": True, "add_devices": True})
    assert report.summary() == "a dry run: 4 rows of 1 file: 3 would be written, 1 bad"
    shown = str(report)
    assert '{"iotDeviceId":"pump-1","id":"2026-05-31T08:30:01Z","v":1.0}' in shown
    assert "bad-time" in shown
    assert [one[:2] for one in report.files[0].first] == [(3, "bad-time")]
    assert report.devices_added == ("pump-7",)
    assert beside(file) == []
    assert len(Twin.load(twin.path).devices) == 2
