"""What is broken is found, named, and comes with its remedy."""

from __future__ import annotations

import pytest

from l3kit.clouds.ports.checks import Check
from l3kit.deploy import apply, plan
from l3kit.errors import CheckFailedError
from l3kit.operate.verify.canary_trip import CanaryTrip
from l3kit.operate.verify.links import link_checks
from l3kit.operate.verify.message_way import Waits
from l3kit.operate.verify.report import verify
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, deploy, save_link, saved_links, variables
from tests.support.accounts import aws_of

pytestmark = pytest.mark.sandbox
LINK = "azure_l3hot_to_aws_l3cold"


@pytest.fixture(scope="module")
def twin(session: Session, make_twin: MakeTwin) -> Twin:
    twin = make_twin("azure", "aws", "aws")
    deploy(twin, session)
    return twin


def failed(twin: Twin, session: Session) -> list[Check]:
    return list(verify(session, twin, clouds=["aws"]).failed)


def test_a_sound_deployment_passes_every_check(twin: Twin, session: Session) -> None:
    report = verify(session, twin, clouds=["aws"])
    assert report.failed == ()
    assert {check.group for check in report.checks} == {"functions", "schedules", "drift", "links"}
    latencies = [check.milliseconds for check in report.checks if check.group == "links"]
    assert len(latencies) == 3
    assert all(latency is not None and latency > 0 for latency in latencies)
    report.raise_if_failed()


@pytest.mark.slow
def test_what_is_deployed_is_right_and_the_file_is_brought_after_it(twin: Twin, session: Session) -> None:
    right = saved_links(session, twin)[LINK]
    for url, token in ((right.url, "another-token"), ("http://127.0.0.1:9/", right.token), ("", "")):
        save_link(session, twin, LINK, url, token)
        assert failed(twin, session) == []
        assert saved_links(session, twin)[LINK] == right


def test_a_writer_without_a_token_is_found(twin: Twin, session: Session) -> None:
    told = variables(twin, session, "cold-writer")
    client, name = aws_of(session).client("lambda"), aws_of(session).names(twin.name).function("cold-writer")
    client.update_function_configuration(FunctionName=name, Environment={"Variables": told | {"INTER_CLOUD_TOKEN": ""}})
    checks = failed(twin, session)
    assert ("links", "incomplete") in [(c.group, c.seen) for c in checks]
    assert "variable INTER_CLOUD_TOKEN will differ" in " ".join(c.hint for c in checks)
    client.update_function_configuration(FunctionName=name, Environment={"Variables": told})
    assert failed(twin, session) == []


def test_a_writer_that_does_not_answer_is_found(session: Session, make_twin: MakeTwin) -> None:
    """Its cloud is not reached from here, so the file is what is known of it."""
    sender = make_twin("aws", "azure", "azure")
    save_link(session, sender, "aws_l3hot_to_azure_l3cold", "http://127.0.0.1:9/", "a-token")
    seen = [c.seen for c in link_checks(session, sender) if not c.passed]
    assert seen == ["no response (ConnectionError)"] * 3 + ["not deployed"]


@pytest.mark.slow
def test_a_former_token_is_told_with_its_end_and_still_taken(session: Session, make_twin: MakeTwin) -> None:
    rotated = make_twin("azure", "aws", "aws")
    deploy(rotated, session)
    apply(plan(rotated, session, clouds={"aws"}, rotate_tokens=True), session)
    there = saved_links(session, rotated)[LINK]
    end = f"{there.former[0].until:%Y-%m-%dT%H:%M:%SZ}"
    report = verify(session, rotated, clouds=["aws"])
    assert report.failed == ()
    assert [(c.expected, c.seen) for c in report.checks if "former" in c.expected] == [
        (f"former token, until {end} -> 400", "400")
    ]
    assert not [token for token in (there.token, there.former[0].token.reveal()) if token in str(report.to_json())]
    after = list(link_checks(session, rotated, now=lambda: there.former[0].until))
    assert not [c for c in after if "former" in c.expected]


@pytest.mark.slow
def test_a_missing_function_and_a_missing_schedule_are_found(twin: Twin, session: Session) -> None:
    names = aws_of(session).names(twin.name)
    aws_of(session).client("lambda").delete_function(FunctionName=names.function("cold-to-archive-mover"))
    aws_of(session).client("scheduler").delete_schedule(
        Name=names.schedule("cold-to-archive-mover"), GroupName=f"l3kit-{twin.name}"
    )
    report = verify(session, twin, clouds=["aws"])
    found = {(c.group, c.subject, c.seen) for c in report.failed}
    assert ("functions", "cold-to-archive-mover", "missing") in found
    assert ("schedules", "cold-to-archive-mover", "missing") in found
    with pytest.raises(CheckFailedError, match="checks failed"):
        report.raise_if_failed()
    deploy(twin, session)
    assert failed(twin, session) == []


def message_failure(session: Session, twin: Twin) -> Check:
    """The check that a canary fails on its way through a broken chain."""
    checks = CanaryTrip(session, twin, waits=Waits(arrival=20.0)).checks()
    (failure,) = [check for check in checks if not check.passed]
    return failure


@pytest.mark.slow
def test_where_a_canary_stops_is_named_with_the_remedy(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin(chain=("aws", "aws"))
    deploy(twin, session)
    client, names = aws_of(session).client("lambda"), aws_of(session).names(twin.name)
    told = variables(twin, session, "persister")
    table = {"DYNAMODB_TABLE_NAME": "another"}
    client.update_function_configuration(
        FunctionName=names.function("persister"), Environment={"Variables": told | table}
    )
    assert message_failure(session, twin).seen == "not there within 20 s: it stops at the persister"
    deploy(twin, session)
    client.delete_function(FunctionName=names.function("dispatcher"))
    failure = message_failure(session, twin)
    assert failure.seen.endswith("it stops at the dispatcher")
    assert "deploy_l3" in failure.hint
    deploy(twin, session)
    report = verify(session, twin)
    assert report.failed == ()
    assert [one.place for one in report.way][:2] == ["published", "dispatcher"]
