"""Deployments over several clouds: taken away, with and without their data, and changed to another layout."""

from __future__ import annotations

import pytest

from l3kit.deploy import apply, destroy, plan, plan_destroy
from l3kit.operate.movers import run_mover
from l3kit.sandbox import SandboxState
from l3kit.session import Session, sandbox_session
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, saved_links, write_twin
from tests.integration.layouts.cloud_twins import COLD_LINK, NOW, function_name, held, host, put_items

pytestmark = pytest.mark.sandbox


@pytest.mark.slow
def test_destroy_without_data_keeps_stores_and_data_and_apply_finds_them_again(
    clouds: Session, make_twin: MakeTwin
) -> None:
    made = make_twin("gcp", "azure", "gcp")
    apply(plan(made, clouds), clouds)
    put_items(clouds, made, 1)
    assert run_mover(clouds, made, "hot-to-cold-mover", time=NOW).total("items") == 3
    put_items(clouds, made, 2, 2)
    destroyed = destroy(made, clouds)
    of_google = {"role", "service account", "permissions", "schedule"}
    assert {step.kind for step in destroyed.done} - of_google == {"function", "link address", "link token"}
    left = plan_destroy(made, clouds)
    assert {(step.action, step.reason) for step in left.steps} == {("keep", "holds data; removed only with data=True")}
    assert {step.kind for step in left.steps} == {"database", "blob container", "bucket"}
    assert held(clouds, made) == {"hot": 2, "cold": 3}
    again = apply(plan(made, clouds), clouds)
    assert not [step for step in again.done if step.kind in ("database", "blob container", "bucket")]
    assert run_mover(clouds, made, "hot-to-cold-mover", time=NOW).total("items") == 2
    assert held(clouds, made) == {"cold": 5}
    destroy(made, clouds, data=True)
    assert plan_destroy(made, clouds, data=True).steps == ()


@pytest.mark.slow
def test_a_twin_beside_it_is_not_touched(clouds: Session, make_twin: MakeTwin) -> None:
    one, other = make_twin("gcp", "azure", "azure"), make_twin("gcp", "azure", "azure")
    for made in (one, other):
        apply(plan(made, clouds), clouds)
    put_items(clouds, other, 1)
    destroy(one, clouds, data=True)
    assert plan(other, clouds).changes == ()
    assert held(clouds, other) == {"hot": 3}


@pytest.mark.slow
def test_a_changed_layout_removes_what_is_no_longer_called_for(clouds: Session, make_twin: MakeTwin) -> None:
    made = make_twin("azure", "azure", "gcp")
    apply(plan(made, clouds), clouds)
    write_twin(made.path, made.name, "azure", "gcp", "gcp", ["pump-1"])
    moved = Twin.load(made.path)
    wanted = plan(moved, clouds)
    removed = {(step.kind, step.name) for step in wanted.changes if step.action == "delete"}
    assert removed == {
        ("function", function_name(clouds, moved, "azure", "cold-to-archive-mover")),
        ("function", function_name(clouds, moved, "gcp", "archive-writer")),
        ("service account", f"{moved.name}-archive-writer"),
        ("link token", "azure_l3cold_to_gcp_l3archive"),
    }
    apply(wanted, clouds)
    assert plan(moved, clouds).changes == ()
    assert set(saved_links(clouds, moved)) == {COLD_LINK}
    for cloud in ("azure", "gcp"):
        there = {f for f in FUNCTIONS if host(clouds, cloud).get(function_name(clouds, moved, cloud, f))}
        assert (
            there
            == {
                "azure": {"hot-to-cold-mover", "hot-reader", "hot-reader-last-entry"},
                "gcp": {"cold-writer", "cold-to-archive-mover"},
            }[cloud]
        )
    put_items(clouds, moved, 1)
    assert run_mover(clouds, moved, "hot-to-cold-mover", time=NOW).total("items") == 3
    destroy(moved, clouds, data=True)
    assert plan_destroy(moved, clouds, data=True).steps == ()


@pytest.mark.slow
def test_a_layout_that_has_left_a_cloud_removes_what_is_there(
    all_clouds: SandboxState, clouds: Session, make_twin: MakeTwin
) -> None:
    """A session on the clouds of the new layout alone finds it: its functions, and with the twin its stores."""
    made = make_twin("azure", "azure", "gcp")
    apply(plan(made, clouds), clouds)
    write_twin(made.path, made.name, "gcp", "gcp", "gcp", ["pump-1"])
    moved = Twin.load(made.path)
    session = sandbox_session(all_clouds, moved.layout.clouds)
    assert list(session.clouds) == ["gcp"]
    apply(plan(moved, session), session)
    assert plan(moved, session).changes == ()
    there = {f for f in FUNCTIONS if host(clouds, "azure").get(function_name(clouds, moved, "azure", f))}
    assert there == set()
    removed = destroy(moved, session, data=True)
    assert {"blob container", "bucket"} <= {step.kind for step in removed.done}
    assert plan_destroy(moved, clouds, data=True).steps == ()
