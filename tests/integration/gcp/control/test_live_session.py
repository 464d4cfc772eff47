"""A session of `target: live` plans, deploys and removes a twin on the double of Google Cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.deploy import apply, plan, plan_destroy
from l3kit.errors import ConfigurationError, PermissionMissingError
from l3kit.sandbox import SandboxState
from tests.support.live_google import live_session
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
    with pytest.raises(PermissionMissingError, match="project other-project: does not exist, or the credentials"):
        live_session(all_clouds, project="other-project")
    with pytest.raises(ConfigurationError, match="region mars-north1: has no Cloud Run functions; nothing was created"):
        plan(twin_on(tmp_path, "gcp", "gcp", "gcp"), live_session(all_clouds, region="mars-north1"))


@pytest.mark.slow
def test_a_twin_lives_on_a_real_projects_way(all_clouds: SandboxState, tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "gcp", "gcp", "gcp", chain=("gcp", "gcp"))
    session = live_session(all_clouds)
    apply(plan(twin, session), session)
    assert plan(twin, session).changes == ()
    apply(plan_destroy(twin, session, data=True), session)
    assert plan_destroy(twin, session, data=True).changes == ()
