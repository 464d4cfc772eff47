"""An audit of real stores: movers at work before it, objects changed by hand after that, and archived ones restored."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from l3kit.operate.audit.auditing import audit
from l3kit.operate.audit.report import AuditReport
from l3kit.operate.movers import run_mover
from l3kit.operate.telemetry import put_telemetry
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, deploy
from tests.support.accounts import aws_of
from tests.support.operators import root_of

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DEVICES = ["pump-1", "pump-2"]


def reading(device: str, days_old: int) -> bytes:
    time = (NOW - timedelta(days=days_old)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"iotDeviceId": device, "id": time, "value": days_old}).encode()


@pytest.fixture
def moved(make_twin: MakeTwin, session: Session) -> Twin:
    """A twin with a chunk of each device in the archive, and one in the cold tier."""
    twin = make_twin(devices=DEVICES)
    deploy(twin, session)
    for days_old in (200, 60):
        readings = [(device, reading(device, days_old + day)) for device in DEVICES for day in range(5)]
        put_telemetry(root_of(session), twin, readings)
        run_mover(session, twin, "hot-to-cold-mover", time=NOW).raise_if_failed()
        run_mover(session, twin, "cold-to-archive-mover", time=NOW).raise_if_failed()
    return twin


def audited(session: Session, twin: Twin, folder: Path, *, restore: bool = False) -> AuditReport:
    return audit(session, twin, {"out": folder, "restore": restore})


def test_what_movers_leave_is_whole_and_what_hands_change_is_found(
    moved: Twin, session: Session, tmp_path: Path
) -> None:
    whole = audited(session, moved, tmp_path)
    assert whole.faults == ()
    assert whole.gaps == ()
    assert {one.tier: (one.objects, one.read, one.items) for one in whole.tiers} == {
        "cold": (2, 2, 10),
        "archive": (2, 0, 10),
    }
    restored = audited(session, moved, tmp_path, restore=True)
    assert restored.faults == ()
    assert any("Audit again in 12 hours" in note for note in restored.notes) or restored.complete
    assert audited(session, moved, tmp_path).complete, "the sandbox restores at once"

    s3, names = aws_of(root_of(session)).client("s3"), aws_of(session).names(moved.name)
    bucket = names.store("cold")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    first, second = (next(key for key in keys if key.startswith(f"{device}/")) for device in DEVICES)
    there = s3.get_object(Bucket=bucket, Key=first)
    changed = there["Body"].read().replace(b'"value":60', b'"value":61')
    for key in (first, second):  # the bucket refuses to have an object overwritten
        s3.delete_object(Bucket=bucket, Key=key)
    s3.put_object(Bucket=bucket, Key=first, Body=changed, Metadata=there["Metadata"], IfNoneMatch="*")
    s3.put_object(Bucket=bucket, Key="notes.txt", Body=b"mine", IfNoneMatch="*")
    found = audited(session, moved, tmp_path)
    assert {(fault.kind, fault.key) for fault in found.faults} == {
        ("digest", first),
        ("missing", "pump-2/.../chunk-00002.json"),
        ("foreign key", "notes.txt"),
    }
