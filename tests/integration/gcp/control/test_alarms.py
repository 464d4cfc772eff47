"""Alarms of a twin on the double of Google Cloud: deployed, seen firing, removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from l3kit.deploy import apply, plan, plan_destroy
from l3kit.errors import L3Error
from l3kit.notebook.progress import Silent
from l3kit.operate.alarms.reading import alarm_checks, alarms
from l3kit.operate.open_twin import OpenTwin
from l3kit.sandbox import SandboxState
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.integration.gcp.control.test_live_session import gcp_control, let_call
from tests.support.live_google import live_session
from tests.unit.clouds.gcp.control.watched import HOT, watched_twin

pytestmark = pytest.mark.sandbox
MONITORING, LOGGING = "monitoring.googleapis.com", "logging.googleapis.com"


def states(session: Session, twin: Twin) -> dict[str, str]:
    return {alarm.name.removeprefix("plant-"): alarm.state for alarm in alarms(session, twin).alarms}


@pytest.mark.slow
def test_an_alarm_fires_after_a_run_that_broke_off_and_destroy_leaves_none(
    all_clouds: SandboxState, tmp_path: Path
) -> None:
    twin, session = watched_twin(tmp_path), live_session(all_clouds)
    planned = plan(twin, session)
    assert any("11 alarms and 4 metrics on gcp cost up to" in note for note in planned.notes)
    apply(planned, session)
    assert plan(twin, session).changes == ()
    assert all(check.passed for check in alarm_checks(session, twin))
    assert states(session, twin)[f"{HOT}-failed"] == "unknown"
    here, control = OpenTwin(twin, session, "", Silent()), gcp_control(session)
    let_call(control, twin)
    here.run_mover(HOT)
    after = states(session, twin)
    assert {after[f"{HOT}-{kind}"] for kind in ("failed", "broke-off", "late", "lag")} == {"ok"}, after
    control.delete("firestore.googleapis.com", "v1/projects/l3kit-sandbox/databases/l3kit-plant")
    with pytest.raises(L3Error):
        here.run_mover(HOT)
    found = alarms(session, twin)
    assert [alarm.name for alarm in found.firing] == [f"plant-{HOT}-broke-off"]
    assert found.gaps == ()
    unwatched = json.loads((tmp_path / "config.json").read_text())
    del unwatched["notify"]
    (tmp_path / "config.json").write_text(json.dumps(unwatched))
    apply(plan_destroy(Twin.load(tmp_path), session, data=True), session)
    for service, path in (
        (MONITORING, "v3/projects/l3kit-sandbox/alertPolicies"),
        (MONITORING, "v3/projects/l3kit-sandbox/notificationChannels"),
        (LOGGING, "v2/projects/l3kit-sandbox/metrics"),
    ):
        assert control.get(service, path) == {}
