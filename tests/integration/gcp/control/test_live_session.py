"""A session of `target: live` plans, deploys and removes a twin on the double of Google Cloud."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from l3kit.clouds.gcp.cloud import GcpCloud
from l3kit.clouds.gcp.names import GcpNames
from l3kit.clouds.ports.control import Control
from l3kit.deploy import apply, plan, plan_destroy
from l3kit.errors import ConfigurationError, PermissionMissingError
from l3kit.notebook.progress import Silent
from l3kit.operate.coroutines import run
from l3kit.operate.open_twin import OpenTwin
from l3kit.sandbox import SandboxState
from l3kit.sandbox.gcp.account import OPERATOR, PROJECT, REGION
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.support.live_google import TOKENS, live_session, session_with_aws, without_tokens
from tests.support.twins import twin_on

pytestmark = pytest.mark.sandbox


def test_a_twin_is_planned_and_nothing_is_made(all_clouds: SandboxState, tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "gcp", "gcp", "gcp")
    planned = plan(twin, live_session(all_clouds))
    kinds = {step.kind for step in planned.steps if step.action == "create"}
    assert {"database", "bucket", "service account", "role", "permissions", "function", "schedule"} <= kinds
    assert ("create", "database", "l3kit-plant") in [(s.action, s.kind, s.name) for s in planned.steps]
    assert plan_destroy(twin, live_session(all_clouds), data=True).changes == ()


def test_another_project_or_a_region_that_is_none_is_told_before_anything_is_done(
    all_clouds: SandboxState, tmp_path: Path
) -> None:
    control = gcp_control(live_session(all_clouds))
    telling = {"serviceIds": ["cloudfunctions.googleapis.com", "cloudresourcemanager.googleapis.com"]}
    control.post("serviceusage.googleapis.com", f"v1/projects/{PROJECT}/services:batchEnable", telling)
    with pytest.raises(PermissionMissingError, match="project other-project: does not exist, or the credentials"):
        live_session(all_clouds, project="other-project")
    with pytest.raises(ConfigurationError, match="region mars-north1: has no Cloud Run functions; nothing was created"):
        plan(twin_on(tmp_path, "gcp", "gcp", "gcp"), live_session(all_clouds, region="mars-north1"))


def gcp_control(session: Session) -> Control:
    cloud = session.clouds["gcp"]
    assert isinstance(cloud, GcpCloud)
    assert cloud.session.control is not None
    return cloud.session.control


def let_call(control: Control, twin: Twin) -> None:
    """Let the operator have identity tokens of the account that starts the twin's functions."""
    account = f"v1/projects/{PROJECT}/serviceAccounts/{GcpNames(twin.name, PROJECT, REGION).email('invoker')}"
    policy = control.post("iam.googleapis.com", f"{account}:getIamPolicy", {})
    binding = {"role": TOKENS, "members": [f"user:{OPERATOR}"]}
    changed = {"policy": {**policy, "bindings": [*policy.get("bindings", ()), binding]}}
    control.post("iam.googleapis.com", f"{account}:setIamPolicy", changed)


RECENT = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT00:00:00Z")
ITEMS = [{"iotDeviceId": "pump-1", "id": key} for key in ("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", RECENT)]


@pytest.mark.slow
def test_a_twin_is_deployed_moves_items_answers_and_leaves_nothing(all_clouds: SandboxState, tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "gcp", "gcp", "gcp", chain=("gcp", "gcp"))
    session = live_session(all_clouds)
    apply(plan(twin, session), session)
    assert plan(twin, session).changes == ()
    here = OpenTwin(twin, session, "", Silent())
    cloud = session.clouds["gcp"]
    run(cloud.hot_store(twin).put_items("pump-1", [json.dumps(item, sort_keys=True).encode() for item in ITEMS]))
    with without_tokens(session):  # which the role of an owner does not have
        with pytest.raises(PermissionMissingError, match=rf"{re.escape(TOKENS)} on plant-invoker@"):
            here.run_mover("hot-to-cold-mover")
        let_call(gcp_control(session), twin)
        for mover in ("hot-to-cold-mover", "cold-to-archive-mover"):
            assert here.run_mover(mover).summary() == f"{mover}: 2 items, 1 chunk, 107 bytes; complete"
    found = here.query("pump-1")
    assert [row["tier"] for row in found.rows] == ["archive", "archive", "hot"]
    assert found.complete
    assert here.logs("hot-to-cold-mover", since="1h").gaps == ()
    apply(plan_destroy(twin, session, data=True), session)
    assert plan_destroy(twin, session, data=True).changes == ()


@pytest.mark.slow
@pytest.mark.parametrize("tiers", [("aws", "gcp", "aws"), ("gcp", "aws", "gcp")], ids="-".join)
def test_tiers_on_aws_and_google_cloud_send_to_each_other(
    all_clouds: SandboxState, tmp_path: Path, tiers: tuple[str, str, str]
) -> None:
    twin = twin_on(tmp_path, *tiers)
    session = session_with_aws(all_clouds)
    apply(plan(twin, session), session)
    assert plan(twin, session).changes == ()
    here = OpenTwin(twin, session, "", Silent())
    store = session.clouds[tiers[0]].hot_store(twin)
    run(store.put_items("pump-1", [json.dumps(item, sort_keys=True).encode() for item in ITEMS]))
    for mover in ("hot-to-cold-mover", "cold-to-archive-mover"):
        assert here.run_mover(mover).summary() == f"{mover}: 2 items, 1 chunk, 107 bytes; complete"
    assert [row["tier"] for row in here.query("pump-1").rows if row["tier"] == "hot"] == ["hot"]
    apply(plan_destroy(twin, session, data=True), session)
    assert plan_destroy(twin, session, data=True).changes == ()
