"""`l3kit first-light gcp` against the double, through a session of `target: live`: once through, stopped, recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.gcp.cloud import GcpCloud
from l3kit.clouds.gcp.first_light import FIRST_LIGHT
from l3kit.errors import PermissionMissingError
from l3kit.first_light.report import Report, save, save_recording
from l3kit.first_light.run import first_light, remove, what_is_there
from l3kit.first_light.steps import STEPS
from l3kit.first_light.twin import new_name, write_twin
from l3kit.sandbox import SandboxState
from l3kit.sandbox.gcp.account import OPERATOR, PROJECT
from l3kit.sandbox.gcp.control.rules import Rules
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.support.google_recordings import recorded_in
from tests.support.live_google import TOKENS, live_session, without_tokens

pytestmark = pytest.mark.sandbox


@pytest.fixture
def session(all_clouds: SandboxState) -> Session:
    """A session of somebody who has the role that first-light asks for."""
    session = live_session(all_clouds)
    cloud = session.clouds["gcp"]
    assert isinstance(cloud, GcpCloud)
    cloud.session.control.post(
        "serviceusage.googleapis.com",
        f"v1/projects/{PROJECT}/services:batchEnable",
        {"serviceIds": ["cloudresourcemanager.googleapis.com"]},
    )
    return session


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    (tmp_path / "twin").mkdir()
    return write_twin(tmp_path / "twin", new_name(), "gcp")


def run(session: Session, twin: Twin, **more: Any) -> Report:
    given: dict[str, Any] = {"tell": lambda text: None, "sleep": lambda seconds: None, **more}
    return first_light(session, twin, estimated_usd="0", clean_up="the command", **given)


def test_whoever_may_not_call_movers_is_told_before_anything_is_made(session: Session) -> None:
    FIRST_LIGHT.check(session.clouds["gcp"])
    with (
        without_tokens(session),
        pytest.raises(PermissionMissingError, match=f"nothing was done.*--role={TOKENS}"),
    ):
        FIRST_LIGHT.check(session.clouds["gcp"])


@pytest.mark.slow
def test_everything_once_through_is_recorded_and_nothing_is_left(session: Session, twin: Twin, tmp_path: Path) -> None:
    cloud = session.clouds["gcp"]
    recorder = FIRST_LIGHT.recorder(cloud, twin)
    assert recorder is not None
    report = run(session, twin)
    assert (report.verdict, report.left) == ("passed", ()), report.to_markdown()
    assert len(report.steps) == len(STEPS) + 2
    assert report.steps[0].calls["cloudfunctions.functions.POST"] == 4
    roles = [one for one in report.kept if "(deleted, gone after 7 days)" in one]
    assert len(roles) == 6, report.kept
    assert any("gcf-v2-sources-" in one for one in report.kept)
    secrets = FIRST_LIGHT.secrets(cloud, twin)
    paths = (*save(report, tmp_path / "report.json", secrets), save_recording(recorder, tmp_path / "report.json"))
    token = getattr(cloud.session.credentials, "token")  # type: ignore[attr-defined]  # noqa: B009
    for text in (path.read_text("utf-8") for path in paths):
        assert not any(secret in text for secret in (*secrets, OPERATOR, token))
    check_recording(paths[-1], twin)


def check_recording(path: Path, twin: Twin) -> None:
    """It is read as the other recordings are, and each request in it passes the rules."""
    assert {"file", "method", "url", "body", "status", "headers", "response"} == set(
        json.loads(path.read_text("utf-8").splitlines()[0])
    )
    rules, names = Rules.load(), set[str]()
    for one in recorded_in(path):
        match = rules.match(one.service, one.verb, one.path)
        if match is None or one.status >= 300:
            continue
        names.add(match.id)
        assert rules.faults(match, one.query, one.content) == (), (match.id, one.body)
        if one.answer is not None:
            assert rules.answer_faults(match, one.answer) == (), (match.id, one.answer)
    assert {
        "cloudfunctions.projects.locations.functions.create",
        "cloudscheduler.projects.locations.jobs.create",
        "iam.projects.roles.create",
        "firestore.projects.databases.delete",
        "iamcredentials.projects.serviceAccounts.generateIdToken",
    } <= names
    assert len(names) >= 30


@pytest.mark.slow
@pytest.mark.parametrize("at", ["deploy", "  3 of ", "  9 of ", "  17 of ", "  21 of ", "load items", "move again"])
def test_interrupted_it_removes_what_it_made(session: Session, twin: Twin, at: str) -> None:
    stopped: list[str] = []

    def tell(text: str) -> None:
        if text.startswith(at) and not stopped:
            stopped.append(text)
            raise KeyboardInterrupt

    report = run(session, twin, tell=tell)
    assert stopped
    assert (report.verdict, report.left) == ("interrupted", ()), report.to_markdown()
    assert what_is_there(session, twin) == []


@pytest.mark.slow
def test_interrupted_while_an_operation_runs_it_waits_for_its_end(session: Session, twin: Twin) -> None:
    stopped: list[str] = []

    def seen(exchange: Any) -> None:
        if "functions?functionId=" in exchange.path and not stopped:
            stopped.append(exchange.operation)
            raise KeyboardInterrupt

    cloud = session.clouds["gcp"]
    assert isinstance(cloud, GcpCloud)
    cloud.session.traffic.watch(seen)
    report = run(session, twin)
    assert stopped != [""]
    assert (report.verdict, report.left) == ("interrupted", ())
    assert stopped[0] not in [name for _, name in cloud.session.traffic.running()]
    assert what_is_there(session, twin) == []


@pytest.mark.slow
def test_what_a_run_left_is_removed_by_its_name_alone(session: Session, twin: Twin, tmp_path: Path) -> None:
    def tell(text: str) -> None:
        if text.startswith(("  12 of ", "destroy")):
            raise KeyboardInterrupt

    report = run(session, twin, tell=tell)
    assert (report.verdict, report.left, report.clean_up) == ("left over", None, "the command")
    (tmp_path / "again").mkdir()
    again = write_twin(tmp_path / "again", twin.name, "gcp")
    assert what_is_there(session, again)
    assert remove(session, again, lambda text: None, lambda seconds: None) == ()
