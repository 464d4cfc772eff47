"""Verbs tried on a deployed twin, as an operator with certain permissions."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from l3kit.operate.alarms.reading import alarms
from l3kit.operate.audit.auditing import audit
from l3kit.operate.load.loading import load
from l3kit.operate.logs.reading import logs
from l3kit.session import Session
from l3kit.twin.config import Twin

DEVICE = "pump-1"


def try_load(session: Session, twin: Twin) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, now = Path(folder) / "a.csv", time.time_ns()
        file.write_text(f"device,time,v\n{DEVICE},{now // 1_000_000_000},1\n{DEVICE},1000000000,{now}\n")
        loaded = load(session, twin, [file], {"replace": True})
        assert loaded.total("rows") == 2
        loaded.raise_if_failed()


def try_logs(session: Session, twin: Twin) -> None:
    found = logs(session, twin)
    assert found.complete, found.summary()


def try_audit(session: Session, twin: Twin) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = audit(session, twin, {"out": folder})
        assert not found.gaps, found.summary()
        assert found.total("read")


def try_alarms(session: Session, twin: Twin) -> None:
    found = alarms(session, twin)
    assert found.complete, found.summary()
    assert {alarm.state for alarm in found.alarms} <= {"ok", "unknown"}
