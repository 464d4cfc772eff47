"""The end of a shared sandbox: with the last twin in it, and not before."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import cast

import pytest

from l3kit.clouds.aws.cloud import AwsCloud
from l3kit.clouds.aws.session import AwsSession
from l3kit.clouds.ports.resources import Resource
from l3kit.deploy.plan import Plan, Step
from l3kit.deploy.sandbox_end import stop_if_empty
from l3kit.notebook.gaps import Gap
from l3kit.session import Session

KEPT = Step("keep", "table", "t", "it holds data", cast(Resource, None))
AWS = AwsCloud(AwsSession("us-east-1", "123456789012", None, object()))


@pytest.fixture
def session(tmp_path: Path) -> Session:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "deploy-pumps.jsonl").write_text("{}\n")
    return Session("sandbox", {"aws": AWS}, tmp_path)


def left(session: Session, *steps: Step, gaps: tuple[Gap, ...] = ()) -> Plan:
    assert session.sandbox_home is not None
    log = session.sandbox_home / "logs" / "deploy-pumps.jsonl"
    return Plan("destroy pumps", steps, log, (), destroying=True, gaps=gaps)


def test_it_ends_with_the_last_twin(session: Session) -> None:
    assert stop_if_empty(session, left(session)) == "Nothing is left in the sandbox, so it is stopped."


def test_it_stays_while_another_twin_is_in_it(session: Session, tmp_path: Path) -> None:
    (tmp_path / "logs" / "deploy-bridges.jsonl").write_text("{}\n")
    said = stop_if_empty(session, left(session))
    assert said == "The sandbox stays: bridges was deployed into it too; `l3kit sandbox down` stops it."
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["deploy-bridges.jsonl"]


def test_it_stays_with_what_was_kept_or_could_not_be_seen(session: Session) -> None:
    unseen = Gap("", "what pumps has on gcp", "is not reached", "Connect to gcp as well")
    for plan in (left(session, KEPT), left(session, gaps=(unseen,))):
        assert stop_if_empty(session, plan).startswith("The sandbox stays, with what is left")
    assert session.sandbox_home is not None
    assert (session.sandbox_home / "logs" / "deploy-pumps.jsonl").exists()


def test_a_notebooks_own_sandbox_ends_with_it_and_a_real_account_is_left_alone(session: Session) -> None:
    kept = left(session, KEPT)
    own = dataclasses.replace(session, private=True)
    assert stop_if_empty(own, kept) == "This notebook's own sandbox is stopped."
    assert stop_if_empty(Session("live", {"aws": AWS}), kept) == ""
