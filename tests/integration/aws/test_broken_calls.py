"""Layers 1 and 2 on AWS, provisioned while each call that changes something breaks once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from l3kit.clouds.aws.control.provisioner import AwsProvisioner
from l3kit.clouds.ports.resources import Finding
from l3kit.deploy import Plan, apply, destroy, plan_destroy
from l3kit.deploy.plan import Action, Step
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, deploy, save_link
from tests.integration.aws.test_apply_again import check_completed
from tests.integration.sandbox.conftest import RUNTIME, make_zip
from tests.support.accounts import aws_of
from tests.support.broken_calls import BREAKS, Break, Breaker, LosingAnswers
from tests.unit.raw_errors.telling import told

pytestmark = pytest.mark.sandbox
EVENT = {"condition": "p.d.v > DOUBLE(90)", "action": {"type": "function", "functionUrl": "http://127.0.0.1:9/"}}
LAYERS = {"layer 1": ("aws", "gcp"), "layer 2": ("gcp", "aws")}
EXPECTED = {
    "layer 1": {
        *("CreateBucket", "PutBucketVersioning", "CreateRole", "PutRolePolicy", "CreateLogGroup", "CreateFunction"),
        *("PutFunctionEventInvokeConfig", "AddPermission", "CreateTopicRule"),
    },
    "layer 2": {"CreateBucket", "CreateFunction", "CreateFunctionUrlConfig", "AddPermission"},
}


SOURCE_CALLS = {
    *("PutFunctionEventInvokeConfig", "CreateRole", "PutRolePolicy", "AddPermission", "CreateTopicRule"),
    *("DeleteTopicRule", "DeleteRolePolicy", "DeleteRole", "DeleteFunctionEventInvokeConfig"),
}


def source_of(twin: Twin, session: Session, action: Action) -> Plan:
    """A plan for what brings messages to the dispatcher, without its function."""
    cloud = AwsProvisioner(twin, aws_of(session), session.links(twin))
    names = aws_of(session).names(twin.name)
    parts = cloud.function_parts("dispatcher", tuple)
    its = [
        one for one in parts if one.kind in ("failure destination", "topic rule") or one.name == names.topic_rule_role()
    ]
    steps = [Step(action, one.kind, one.name, "", one) for one in (its if action == "create" else reversed(its))]
    return Plan("source", tuple(steps), session.deploy_log(twin), (), destroying=action == "delete", data=True)


@pytest.mark.parametrize(
    "how", [pytest.param(how, marks=[] if how == "killed after" else [pytest.mark.slow]) for how in BREAKS]
)
def test_a_source_is_completed_and_removed_whichever_call_breaks(
    how: Break, session: Session, make_twin: MakeTwin, aws: Callable[[str], Any], role: str
) -> None:
    twin, breaker = make_twin(chain=("aws", "aws")), Breaker(how)
    names, watched = aws_of(session).names(twin.name), breaker.watch(session)
    code = {"ZipFile": make_zip("def handler(event, context): return None")}
    tags = {"l3kit:twin": twin.name}
    aws("s3").create_bucket(Bucket=names.dead_letters_s3_bucket())
    aws("lambda").create_function(
        FunctionName=names.function("dispatcher"),
        Code=code,
        Runtime=RUNTIME,
        Role=role,
        Handler="app.handler",
        Tags=tags,
    )
    breaker.walk(lambda: apply(source_of(twin, watched, "create"), watched))
    made = source_of(twin, session, "create")
    assert [step.resource.compare() for step in made.steps] == [Finding(True, True)] * 3
    breaker.walk(lambda: apply(source_of(twin, watched, "delete"), watched))
    assert [step.resource.compare().exists for step in made.steps] == [False] * 3
    assert {*breaker.broken} >= SOURCE_CALLS
    for error in breaker.errors:
        told(error)


@pytest.mark.slow
def test_layer_1_is_made_and_removed_though_the_answer_to_each_call_is_lost_once(
    session: Session, make_twin: MakeTwin
) -> None:
    twin, losing = one_layer(session, make_twin, "layer 1"), LosingAnswers()
    unlucky = losing.watch(session)
    deploy(twin, unlucky)
    assert losing.operations() >= EXPECTED["layer 1"]
    check_completed(twin, session, "lost")
    destroy(twin, unlucky, data=True)
    assert losing.operations() >= {
        "DeleteTopicRule",
        "DeleteFunctionEventInvokeConfig",
        "DeleteFunction",
        "DeleteBucket",
    }
    assert plan_destroy(twin, session, data=True).steps == ()


def one_layer(session: Session, make_twin: MakeTwin, layer: str) -> Twin:
    """A twin that has only this layer on AWS, not yet deployed; its links are saved."""
    twin = make_twin("gcp", "gcp", "gcp", chain=LAYERS[layer])
    folder = twin.path / "processors" / "default"
    folder.mkdir(parents=True)
    (folder / "process.py").write_text("def process(event):\n    return event\n")
    (twin.path / "config_events.json").write_text(json.dumps([EVENT]))
    for link in twin.layout.links:
        if link.source == "aws":
            save_link(session, twin, link.id, "https://receiver.example", "a-token")
    return Twin.load(twin.path)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize("layer", LAYERS)
def test_what_a_broken_call_left_is_completed_by_the_next_apply_and_removed_by_the_next_destroy(
    layer: str, how: Break, session: Session, make_twin: MakeTwin
) -> None:
    twin, making, removing = one_layer(session, make_twin, layer), Breaker(how), Breaker(how)
    watched = making.watch(session)
    making.walk(lambda: deploy(twin, watched))
    assert {*making.broken} >= EXPECTED[layer]
    check_completed(twin, session, how)
    watched = removing.watch(session)
    removing.walk(lambda: destroy(twin, watched, data=True))
    assert {*removing.broken} >= {"DeleteFunction", "DeleteRole", "DeleteLogGroup", "DeleteBucket"}
    for error in (*making.errors, *removing.errors):
        told(error)
    assert plan_destroy(twin, session, data=True).steps == ()
