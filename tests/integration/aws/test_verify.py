"""What is broken is found, named, and comes with its remedy."""

from __future__ import annotations

import pytest

from l3kit.checks import Check
from l3kit.connections import load_connections, save_inter_cloud_connection
from l3kit.errors import CheckFailedError
from l3kit.session import Session
from l3kit.twin import Twin
from l3kit.verification import verify
from tests.integration.aws.conftest import MakeTwin, deploy

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


def test_tokens_that_differ_are_found(twin: Twin, session: Session) -> None:
    right = load_connections(twin.path)[LINK]
    save_inter_cloud_connection(twin.path, LINK, right.url, "another-token")
    checks = failed(twin, session)
    assert [(c.group, c.expected, c.seen) for c in checks if c.group == "links"] == [
        ("links", "right token, empty body -> 400", "403")
    ]
    assert "variable INTER_CLOUD_TOKEN differs" in " ".join(c.hint for c in checks)
    save_inter_cloud_connection(twin.path, LINK, right.url, right.token)
    assert failed(twin, session) == []


def test_a_link_without_url_or_token_is_found(twin: Twin, session: Session) -> None:
    right = load_connections(twin.path)[LINK]
    save_inter_cloud_connection(twin.path, LINK, "", right.token)
    assert ("links", "incomplete") in [(c.group, c.seen) for c in failed(twin, session)]
    save_inter_cloud_connection(twin.path, LINK, right.url, right.token)


def test_a_writer_that_does_not_answer_is_found(twin: Twin, session: Session) -> None:
    right = load_connections(twin.path)[LINK]
    save_inter_cloud_connection(twin.path, LINK, "http://127.0.0.1:9/", right.token)
    seen = {c.seen for c in failed(twin, session) if c.group == "links"}
    assert seen == {"no answer (ConnectionError)"}
    save_inter_cloud_connection(twin.path, LINK, right.url, right.token)


def test_a_missing_function_and_a_missing_schedule_are_found(twin: Twin, session: Session) -> None:
    names = session.aws_names(twin)
    session.aws.client("lambda").delete_function(FunctionName=names.function("cold-to-archive-mover"))
    session.aws.client("scheduler").delete_schedule(
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
