"""Layers 1 and 2 on Azure and Google Cloud, provisioned while each request that changes something breaks once."""

from __future__ import annotations

import pytest

from l3kit.deploy import Plan, apply, destroy, plan, plan_destroy
from l3kit.deploy.plan import Action, Step
from l3kit.session import Session, reached
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, saved_links
from tests.support.broken_calls import BREAKS, Break
from tests.support.broken_requests import RequestBreaker
from tests.unit.raw_errors.telling import told

pytestmark = pytest.mark.sandbox


def source_of(twin: Twin, session: Session, cloud: str, action: Action) -> Plan:
    """A plan for the dead letters' store and the route of messages, without functions."""
    side = reached(session, cloud, "layer 1").provisioner(twin, session.links(twin))
    route = [part for part in side.function_parts("dispatcher", tuple) if part.kind == "message route"]
    its = [*side.stores(["letters"]), *route]
    steps = [Step(action, one.kind, one.name, "", one) for one in (its if action == "create" else reversed(its))]
    return Plan("source", tuple(steps), session.deploy_log(twin), (), destroying=action == "delete", data=True)


@pytest.mark.parametrize("how", [pytest.param(how, marks=[pytest.mark.slow] * (how != "refused")) for how in BREAKS])
def test_a_source_is_completed_and_removed_whichever_request_breaks(
    how: Break, clouds: Session, make_twin: MakeTwin
) -> None:
    """On Google Cloud a route needs what is made before it: tests/faults breaks the calls of whole twins."""
    cloud = "azure"
    twin, breaker = make_twin(cloud, cloud, cloud, chain=(cloud, cloud)), RequestBreaker(how)
    making, removing = (source_of(twin, clouds, cloud, action) for action in ("create", "delete"))
    with breaker.patched():
        breaker.walk(lambda: apply(making, clouds))
    assert [step.resource.compare().differences for step in making.steps] == [()] * 2
    assert all(step.resource.compare().owned for step in making.steps)
    with breaker.patched():
        breaker.walk(lambda: apply(removing, clouds))
    assert not any(step.resource.compare().exists for step in making.steps)
    methods = [name.split()[0] for name in breaker.broken if "/_sandbox/messages/" in name]
    assert methods == ["POST", "DELETE"]
    assert len(breaker.broken) >= 4
    for error in breaker.errors:
        told(error)


@pytest.mark.slow
@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize("chain", [("azure", "gcp"), ("gcp", "azure")], ids="-".join)
def test_what_a_broken_request_left_is_completed_by_the_next_apply_and_removed_by_the_next_destroy(
    chain: tuple[str, str], how: Break, clouds: Session, make_twin: MakeTwin
) -> None:
    twin, breaker = make_twin("gcp", "gcp", "gcp", chain=chain), RequestBreaker(how)
    with breaker.patched():
        breaker.walk(lambda: apply(plan(twin, clouds), clouds))
    assert any("/functions/azure/" in name for name in breaker.broken), breaker.broken
    assert len(breaker.broken) >= 4
    left = plan(twin, clouds)
    assert (left.changes, left.notes) == ((), ())
    assert all(link.token and link.url for link in saved_links(clouds, twin).values())
    with breaker.patched():
        breaker.walk(lambda: destroy(twin, clouds, data=True))
    assert plan_destroy(twin, clouds, data=True).steps == ()
    for error in breaker.errors:
        told(error)
