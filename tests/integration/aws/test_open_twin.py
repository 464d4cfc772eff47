"""`l3kit.open` in a sandbox: a twin's whole life by its methods, and what is left when it is closed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

import l3kit
from l3kit import sandbox as l3kit_sandbox
from l3kit.operate.runs import check_conserved
from l3kit.operate.telemetry import put_telemetry
from l3kit.sandbox import SandboxState
from l3kit.sandbox.state import HOME_VARIABLE
from tests.integration.aws.conftest import MakeTwin

pytestmark = pytest.mark.sandbox
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def reading(month: int) -> bytes:
    return json.dumps({"iotDeviceId": "d", "id": f"2026-{month:02d}-01T00:00:00Z", "v": month}).encode()


@pytest.mark.slow
def test_a_twin_is_deployed_moved_asked_and_destroyed_by_its_methods(
    sandbox: SandboxState, make_twin: MakeTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(sandbox.home))
    folder = make_twin(devices=["d"]).path
    with l3kit.open(folder, progress=False) as twin:
        plan = twin.plan()
        assert plan.changes
        assert len(plan.apply().done) == len(plan.changes)
        assert not twin.plan().changes
        put_telemetry(twin.session, twin.config, [("d", reading(month)) for month in (1, 4, 6)])
        before = twin.tiers(now=NOW)
        twin.check_links()
        year = twin.replay([datetime(2026, 5, 1, tzinfo=UTC)], count_tiers=True)
        assert twin.run_mover("hot-to-cold-mover", time=NOW).to_json()["verdict"] == "complete"
        year.raise_if_failed()
        assert year.history_frame()[["tier", "items"]].to_numpy().tolist() == [["hot", 2], ["archive", 1]]
        assert check_conserved(before, twin.tiers(now=NOW))["after"].tolist() == [3]
        assert twin.objects("cold").to_frame()["items"].tolist() == [1]
        assert twin.journal().complete
        assert twin.end_lease("d") == ""
        assert twin.explain("d", now=NOW).to_frame()["items"].tolist() == [1, 1, 1]
        twin.query("d").request_restore(1)
        found = twin.query("d", "2026-01-01", "2026-05-01")
        assert found.to_frame()["v"].tolist() == [1, 4]
        twin.verify(canary=False, now=NOW).raise_if_failed()
    with l3kit.open(folder, progress=False) as again:
        assert not again.plan().changes, "a shared sandbox stays as it is"
        kept = again.destroy()
        assert kept.kept
        assert again.stop_if_empty(again.plan_destroy(data=True)).startswith("The sandbox stays")
        assert len(again.destroy(data=True).done) == len(kept.kept)
    assert l3kit_sandbox.status(sandbox.home) is not None


@pytest.mark.slow
def test_a_sandbox_begun_for_one_twin_ends_with_the_block_also_by_an_error(
    sandbox: SandboxState, make_twin: MakeTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(sandbox.home))
    twin = l3kit.open(make_twin().path, sandbox="own", fresh=True, progress=False)
    home = twin.session.sandbox_home
    assert l3kit_sandbox.status(home) is not None
    with pytest.raises(ZeroDivisionError), twin:
        raise ZeroDivisionError
    assert l3kit_sandbox.status(home) is None
