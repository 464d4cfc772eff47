"""Apply twice, and after a kill at any call: the second completes what the first began, a third changes nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from typing import Any

import pytest

from l3kit.clouds.aws.session import AwsSession, open_sandbox
from l3kit.deploy import Plan, apply, plan, plan_destroy
from l3kit.deploy.run import CHANGING
from l3kit.deploy.turns import turn
from l3kit.errors import ProvisioningError
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, deploy, save_link, saved_links
from tests.support.accounts import aws_of, on_account
from tests.support.broken_calls import READS, KilledError, LosingAnswers

pytestmark = pytest.mark.sandbox


class Killer:
    """Hooks into botocore and ends the process, so to speak, at the n-th call that changes something, or at the first
    of a name."""

    def __init__(self, at: int | str, when: str) -> None:
        self.calls: list[str] = []
        self._at, self._when = at, when

    def before(self, model: Any, **_: Any) -> None:
        if not model.name.startswith(READS):
            self.calls.append(model.name)
            self._end("before")

    def after(self, model: Any, **_: Any) -> None:
        if not model.name.startswith(READS):
            self._end("after")

    def _end(self, when: str) -> None:
        if when == self._when and self._at in (len(self.calls), self.calls[-1]):
            raise KilledError

    def watch(self, session: Session) -> Session:
        aws = open_sandbox(str(aws_of(session).endpoint_url), aws_of(session).region)
        aws._boto.events.register("before-call", self.before)
        aws._boto.events.register("after-call", self.after)
        return on_account(session, AwsSession(aws.region, aws.account_id, aws.endpoint_url, aws._boto))


class Stopping:
    """A resource that cannot be made: its `create` raises."""

    def __init__(self, resource: Any, error: BaseException) -> None:
        self._resource, self._error = resource, error

    def __getattr__(self, attribute: str) -> Any:
        if attribute == "create":
            raise self._error
        return getattr(self._resource, attribute)


def stopped_at(wanted: Plan, kind: str, error: BaseException) -> Plan:
    """The plan with resources of a kind that cannot be made."""
    steps = (
        dataclasses.replace(step, resource=Stopping(step.resource, error)) if step.kind == kind else step
        for step in wanted.steps
    )
    return dataclasses.replace(wanted, steps=tuple(steps))


def killed_apply(twin: Twin, session: Session, at: int | str, when: str) -> list[str]:
    killer = Killer(at, when)
    watched = killer.watch(session)
    with contextlib.suppress(KilledError):
        deploy(twin, watched)
    return killer.calls


@pytest.mark.slow
def test_a_second_apply_changes_nothing_and_says_so(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin("azure", "aws", "aws")
    deploy(twin, session)
    again = plan(twin, session, clouds={"aws"})
    assert again.changes == ()
    result = apply(again, session)
    assert result.done == ()
    assert result.summary() == f"deploy {twin.name}: nothing to change, all 13 resources are as they should be"


@pytest.mark.slow
def test_an_old_plan_does_no_harm(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin("gcp", "gcp", "aws")
    old = plan(twin, session, clouds={"aws"})
    deploy(twin, session)
    assert apply(old, session).done == ()


def check_completed(twin: Twin, session: Session, where: str) -> None:
    tokens = {name: c.token for name, c in saved_links(session, twin).items() if c.token}
    deploy(twin, session)
    left = plan(twin, session, clouds={"aws"})
    assert left.changes == (), f"{where}: {left}"
    after = saved_links(session, twin)
    assert all(after[name].token == token for name, token in tokens.items()), where
    assert not any("interrupted" in note for note in left.notes), f"{where}: {left.notes}"


def completes_what_a_kill_left(session: Session, twin: Twin, at: int, when: str) -> None:
    calls = killed_apply(twin, session, at, when)
    assert len(calls) == at
    check_completed(twin, session, f"killed {when} call {at}, {calls[-1]}")
    apply(plan_destroy(twin, session, data=True), session)


@pytest.mark.slow  # test_killed has a case of the kind
def test_an_apply_killed_at_a_call_is_completed_by_the_next(session: Session, make_twin: MakeTwin) -> None:
    completes_what_a_kill_left(session, make_twin("azure", "aws", "aws"), 15, "after")


@pytest.mark.slow
def test_a_keyboard_interrupt_says_what_was_done(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin("gcp", "gcp", "aws")
    wanted = plan(twin, session, clouds={"aws"})

    with pytest.raises(KeyboardInterrupt) as caught:
        apply(stopped_at(wanted, "role", KeyboardInterrupt()), session)
    role = aws_of(session).names(twin.name).role("archive-writer")
    assert caught.value.__notes__ == [
        f"Interrupted at: create role {role}; 2 steps were done before it; apply again to complete the rest"
    ]
    check_completed(twin, session, "interrupted")


@pytest.mark.slow
@pytest.mark.parametrize("call", ["CreateTable", "UpdateContinuousBackups", "UpdateTimeToLive"])
def test_tables_that_a_kill_left_half_made_are_completed(session: Session, make_twin: MakeTwin, call: str) -> None:
    twin = make_twin("aws", "gcp", "gcp")
    save_link(session, twin, "aws_l3hot_to_gcp_l3cold", "https://cold.example", "a-token")
    assert killed_apply(twin, session, call, "after")[-1] == call
    check_completed(twin, session, f"killed after {call}")


@pytest.mark.slow
def test_an_apply_whose_every_answer_is_lost_once_completes_all_the_same(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin("aws", "gcp", "aws")
    save_link(session, twin, "aws_l3hot_to_gcp_l3cold", "https://cold.example", "a-token")
    losing = LosingAnswers()
    deploy(twin, losing.watch(session))
    operations = losing.operations()
    assert operations >= {
        "CreateTable",
        "CreateBucket",
        "CreateRole",
        "CreateLogGroup",
        "CreateFunction",
        "CreateSchedule",
    }
    assert plan(twin, session, clouds={"aws"}).changes == ()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_an_apply_killed_at_every_call_is_completed_by_the_next(session: Session, make_twin: MakeTwin) -> None:
    total = len(killed_apply(make_twin("azure", "aws", "aws"), session, 0, "never"))
    assert total > 30
    for at in range(1, total + 1):
        for when in ("before", "after"):
            completes_what_a_kill_left(session, make_twin("azure", "aws", "aws"), at, when)


@pytest.mark.slow
def test_an_interrupted_apply_is_explained_by_the_next_plan(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin("gcp", "gcp", "aws")
    killed_apply(twin, session, 4, "before")
    (note,) = [note for note in plan(twin, session, clouds={"aws"}).notes if "interrupted" in note]
    bucket = aws_of(session).names(twin.name).archive_s3_bucket()
    assert note == f"An earlier apply was interrupted at: create bucket {bucket}. Applying completes it."
    with turn(session.deploy_log(twin), "deploy"):
        assert plan(twin, session, clouds={"aws"}).notes[-1] == CHANGING
        assert plan_destroy(twin, session).notes == (CHANGING,)
    assert plan_destroy(twin, session).notes == ()
    lines = [json.loads(line) for line in session.deploy_log(twin).read_text().splitlines()]
    assert [(line["phase"], line["resource"]) for line in lines] == [("begin", "bucket")]


def test_a_step_that_is_refused_says_what_was_done_and_that_applying_again_completes_it(
    session: Session, make_twin: MakeTwin
) -> None:
    twin = make_twin("gcp", "gcp", "aws")
    wanted = plan(twin, session, clouds={"aws"})
    name = aws_of(session).names(twin.name).log_group("archive-writer")

    refused = ProvisioningError(name, "CreateLogGroup answered LimitExceeded", "Ask AWS for more")
    with pytest.raises(ProvisioningError) as caught:
        apply(stopped_at(wanted, "log group", refused), session)
    text = str(caught.value)
    assert f"create log group {name}: CreateLogGroup answered LimitExceeded" in text
    assert "3 steps were done before it; apply again to complete the rest" in text
    check_completed(twin, session, "refused")
