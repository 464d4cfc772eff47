"""Toybox in a sandbox: its writers pass their suite, and twins with tiers on it live their whole lives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from l3kit import OpenTwin
from l3kit import sandbox as l3kit_sandbox
from l3kit.conformance import Writer, WriterSuite
from l3kit.deploy import apply, plan
from l3kit.operate.telemetry import put_telemetry
from l3kit.sandbox import SandboxState
from l3kit.sandbox.firing import fire_function
from l3kit.session import Session, sandbox_session
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin
from tests.integration.layouts import test_layout_matrix as matrix
from tests.integration.layouts import test_operations as operations
from tests.toy_cloud.names import NAME

pytestmark = pytest.mark.sandbox
AS_OF = "2026-06-01T00:00:00Z"
LAYOUTS = [(NAME, "aws", NAME), ("gcp", NAME, "aws"), ("azure", NAME, NAME)]


@pytest.fixture(scope="module")
def session(sandbox: SandboxState) -> Session:
    """A session that reaches Toybox, and AWS, where the senders are."""
    return sandbox_session(l3kit_sandbox.ensure_up(sandbox.home, clouds=["aws", NAME]))


def writer_of(session: Session, twin: Twin) -> Writer:
    """Deploy what a twin has on Toybox, the rest being left alone. Returns: its writer there, asked as its link is."""
    apply(plan(twin, session, clouds=[NAME]), session)
    (link,) = (link for link in twin.layout.links if link.target == NAME)
    saved = session.link_file(twin).load()[link.id]
    return Writer(saved.url, saved.token, f"/{link.receiver}" if twin.config.link_auth == "signature" else "")


@pytest.fixture(scope="module")
def cold_writer(session: Session, make_twin: MakeTwin) -> Writer:
    return writer_of(session, make_twin("aws", NAME, NAME))


@pytest.fixture(scope="module")
def archive_writer(session: Session, make_twin: MakeTwin) -> Writer:
    return writer_of(session, make_twin("aws", "aws", NAME))


class TestToyWriters(WriterSuite):
    """All of its cases."""


@pytest.fixture(scope="module")
def signed_cold_writer(session: Session, make_twin: MakeTwin) -> Writer:
    return writer_of(session, make_twin("aws", NAME, NAME, link_auth="signature"))


@pytest.fixture(scope="module")
def signed_archive_writer(session: Session, make_twin: MakeTwin) -> Writer:
    return writer_of(session, make_twin("aws", "aws", NAME, link_auth="signature"))


@pytest.mark.slow
class TestToyWritersOfSignedLinks(WriterSuite):
    """The same where nothing but signatures is accepted."""

    @pytest.fixture
    def cold_writer(self, signed_cold_writer: Writer) -> Writer:
        return signed_cold_writer

    @pytest.fixture
    def archive_writer(self, signed_archive_writer: Writer) -> Writer:
        return signed_archive_writer


def load(opened: OpenTwin, *days: str) -> None:
    items = [f'{{"iotDeviceId":"d","id":"2026-{day}T00:00:00Z","v":1.50}}'.encode() for day in days]
    put_telemetry(opened.session, opened.config, [("d", item) for item in items])


def move(opened: OpenTwin, mover: str) -> None:
    moved = opened.run_mover(mover, time=AS_OF)
    assert (moved.verdict, moved.total("items")) == ("complete", 1), moved.summary()


@pytest.mark.slow  # its parts are in the suites of stores and writers
def test_a_twin_with_hot_and_archive_on_it_sends_to_another_cloud_and_receives_from_there(
    sandbox: SandboxState, make_twin: MakeTwin, tmp_path: Path
) -> None:
    twin = make_twin(NAME, "gcp", NAME, ["d"])
    opened = OpenTwin(twin, sandbox_session(l3kit_sandbox.ensure_up(sandbox.home, clouds=twin.layout.clouds)))
    opened.plan().apply()
    opened.plan().raise_if_changes()
    load(opened, "01-01")
    opened.pause("d")
    assert opened.run_mover("hot-to-cold-mover", time=AS_OF).verdict == "paused"
    assert not opened.resume("d").pauses
    move(opened, "hot-to-cold-mover")
    move(opened, "cold-to-archive-mover")
    load(opened, "04-01", "05-20")
    fired = fire_function(f"{twin.name}-hot-to-cold-mover", NAME, AS_OF, home=sandbox.home)
    assert fired["status"] == 200
    opened.verify(canary=False).raise_if_failed()
    found = opened.query("d").request_restore(1).wait(30, sleep=lambda seconds: None)
    assert found.complete
    assert [(row["tier"], str(row["v"])) for row in found.rows] == [(t, "1.50") for t in ("archive", "cold", "hot")]
    assert opened.audit(out=tmp_path).complete, "what the query has restored is read too"
    assert opened.destroy(data=True).done
    assert not opened.plan_destroy(data=True).changes


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS, ids="-".join)
def test_layouts_with_it_in_any_tier_pass_what_all_layouts_pass(
    sandbox: SandboxState,
    make_twin: MakeTwin,
    layout: tuple[str, str, str],
    record_property: Callable[[str, object], None],
) -> None:
    session = sandbox_session(l3kit_sandbox.ensure_up(sandbox.home, clouds=layout))
    matrix.test_a_layout_works_from_nothing_to_nothing(session, make_twin, layout, record_property)


@pytest.mark.slow
@pytest.mark.parametrize("layout", [(NAME, NAME, NAME), (NAME, "aws", NAME)], ids="-".join)
def test_a_twin_on_it_is_paused_resumed_and_audited_as_on_any_cloud(
    sandbox: SandboxState,
    make_twin: MakeTwin,
    layout: tuple[str, str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    state = l3kit_sandbox.ensure_up(sandbox.home, clouds=layout)
    operations.test_a_twin_is_paused_resumed_and_audited_by_the_command_line(
        state, sandbox_session(state), make_twin, layout, tmp_path, monkeypatch, capsys
    )
