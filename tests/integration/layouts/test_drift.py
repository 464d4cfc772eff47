"""Deployments over several clouds: repeated without a change; what somebody changed shows and is repaired."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping

import pytest
import requests

from l3kit.deploy import apply, plan, plan_destroy
from l3kit.errors import ConfigurationError, MissingConnectionError
from l3kit.operate.movers import run_mover
from l3kit.operate.verify.links import check_links
from l3kit.operate.verify.report import verify
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, saved_links
from tests.integration.layouts.cloud_twins import (
    ARCHIVE_LINK,
    COLD_LINK,
    NOW,
    change_settings,
    function_name,
    held,
    put_items,
    with_setting,
)
from tests.integration.layouts.drift import ROUNDS, Broken

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


@pytest.fixture(scope="module")
def twin(clouds: Session, make_twin: MakeTwin) -> Twin:
    """Azure's hot tier, Google Cloud's cold one, Azure's archive: writers on both, movers on both."""
    made = make_twin("azure", "gcp", "azure")
    apply(plan(made, clouds), clouds)
    return made


@pytest.fixture(scope="module")
def gcp_twin(clouds: Session, make_twin: MakeTwin) -> Twin:
    """All on Google Cloud: its collections too."""
    made = make_twin("gcp", "gcp", "gcp")
    apply(plan(made, clouds), clouds)
    return made


# --- again ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["twin", "gcp_twin"])
def test_a_second_apply_changes_nothing_and_says_so(
    clouds: Session, layout: str, request: pytest.FixtureRequest
) -> None:
    deployed: Twin = request.getfixturevalue(layout)
    again = plan(deployed, clouds)
    assert again.changes == (), str(again)
    result = apply(again, clouds)
    assert result.done == ()
    assert "nothing to change" in result.summary()


def test_one_cloud_after_the_other_works_from_the_receivers_on(clouds: Session, make_twin: MakeTwin) -> None:
    made = make_twin("azure", "gcp", "gcp")
    with pytest.raises(MissingConnectionError, match=COLD_LINK):
        plan(made, clouds, clouds={"azure"})
    assert plan_destroy(made, clouds, data=True).changes == ()
    assert saved_links(clouds, made) == {}
    apply(plan(made, clouds, clouds={"gcp"}), clouds)
    apply(plan(made, clouds, clouds={"azure"}), clouds)
    assert plan(made, clouds).changes == ()
    report = verify(clouds, made)
    assert not report.failed, report.summary()


@pytest.mark.parametrize(
    "breaks",
    [pytest.param(breaks, id=f"{len(breaks)} changes") for breaks in ROUNDS],
)
def test_what_somebody_changed_shows_with_its_reason_and_is_repaired(
    clouds: Session, twin: Twin, breaks: dict[str, Broken]
) -> None:
    shows_and_is_repaired(clouds, twin, breaks)


def shows_and_is_repaired(session: Session, twin: Twin, breaks: Mapping[str, Broken]) -> None:
    assert plan(twin, session).changes == ()
    for broken, _ in breaks.values():
        broken(session, twin)
    wanted = plan(twin, session)
    told = "; ".join(step.reason for step in wanted.changes).split("; ")
    for what, (_, reason) in breaks.items():
        assert reason in told, f"{what}: {wanted}"
        told.remove(reason)
    tokens = [connection.token for connection in saved_links(session, twin).values() if connection.token]
    shown = str(wanted) + repr(wanted) + wanted._repr_html_() + json.dumps(wanted.to_json())
    assert not [token for token in tokens if token in shown]
    apply(wanted, session)
    left = plan(twin, session)
    assert left.changes == (), str(left)


def test_after_all_that_the_twin_still_works(clouds: Session, twin: Twin) -> None:
    put_items(clouds, twin, 1)
    assert run_mover(clouds, twin, "hot-to-cold-mover", time=NOW).total("items") == 3
    report = verify(clouds, twin)
    assert not report.failed, report.summary()


# --- tokens -----------------------------------------------------------------------------------------------------


def test_a_rotated_token_reaches_both_ends_and_the_former_one_is_taken_for_a_while(clouds: Session, twin: Twin) -> None:
    before = {name: connection.token for name, connection in saved_links(clouds, twin).items()}
    wanted = plan(twin, clouds, rotate_tokens=True)
    changed = [step.name for step in wanted.changes]
    for cloud, function in (
        ("gcp", "cold-writer"),
        ("azure", "hot-to-cold-mover"),
        ("azure", "archive-writer"),
        ("gcp", "cold-to-archive-mover"),
    ):
        assert function_name(clouds, twin, cloud, function) in changed
    apply(wanted, clouds)
    after = {name: connection.token for name, connection in saved_links(clouds, twin).items()}
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())
    assert plan(twin, clouds).changes == ()
    put_items(clouds, twin, 2)
    moved = run_mover(clouds, twin, "hot-to-cold-mover", time=NOW)
    assert (moved.verdict, moved.total("items")) == ("complete", 3)
    assert run_mover(clouds, twin, "cold-to-archive-mover", time=NOW).verdict == "complete"
    assert held(clouds, twin).get("hot") is None
    report = verify(clouds, twin)
    assert not report.failed, report.summary()
    assert sum("former token" in check.expected for check in report.checks) == 2
    for link, connection in saved_links(clouds, twin).items():
        assert [former.token.reveal() for former in connection.former] == [before[link]]
        assert {post(connection.url, token) for token in (before[link], after[link])} == {400}
        assert post(connection.url, before[link] + "x") == 403


def post(url: str, token: str) -> int:
    """An empty request: 400 where the token is taken."""
    return requests.post(url, headers={"X-Inter-Cloud-Token": token}, timeout=60).status_code


def test_a_wrong_token_at_one_end_is_found_and_nothing_is_deleted(clouds: Session, twin: Twin) -> None:
    put_items(clouds, twin, 3)
    before = held(clouds, twin)
    assert before["hot"] == 3
    change_settings(clouds, twin, "gcp", "cold-writer", with_setting("INTER_CLOUD_TOKEN", "another-token"))
    change_settings(clouds, twin, "gcp", "cold-writer", with_setting("INTER_CLOUD_TOKEN_PREVIOUS", None))
    failed = verify(clouds, twin, canary=False).failed
    found = [(check.group, check.expected, check.seen) for check in failed if check.group == "links"]
    assert found == [("links", "hot-to-cold-mover has the saved url and token", "another token")]
    assert any("variable INTER_CLOUD_TOKEN differs" in check.hint for check in failed)
    with contextlib.suppress(Exception):
        moved = run_mover(clouds, twin, "hot-to-cold-mover", time=NOW)
        assert (moved.verdict == "complete", moved.total("items")) == (False, 0)
    assert held(clouds, twin) == before
    apply(plan(twin, clouds), clouds)
    assert run_mover(clouds, twin, "hot-to-cold-mover", time=NOW).total("items") == 3
    assert verify(clouds, twin).failed == ()


def test_links_whose_ends_differ_are_named_before_anything_moves(clouds: Session, twin: Twin) -> None:
    check_links(clouds, twin)
    tokens = {connection.token for connection in saved_links(clouds, twin).values()}
    change_settings(clouds, twin, "azure", "hot-to-cold-mover", with_setting("REMOTE_COLD_WRITER_URL", "http://[::1]/"))
    change_settings(clouds, twin, "azure", "archive-writer", with_setting("INTER_CLOUD_TOKEN", None))
    with pytest.raises(ConfigurationError) as caught:
        check_links(clouds, twin)
    told = str(caught.value)
    assert told.startswith(f"config_inter_cloud.json of {twin.name}: connections.")
    assert f"connections.{COLD_LINK}.url differs from the environment of hot-to-cold-mover; run deploy_l3" in told
    assert f"connections.{ARCHIVE_LINK} has no url or no token: deploy archive-writer first" in told
    assert "Nothing was moved" in told
    assert not tokens & set(re.findall(r"[\w-]+", told))
    apply(plan(twin, clouds), clouds)
    check_links(clouds, twin)


def test_a_mover_that_was_told_another_token_is_named(clouds: Session, twin: Twin) -> None:
    hot = twin.layout.hot
    change_settings(clouds, twin, hot, "hot-to-cold-mover", with_setting("INTER_CLOUD_TOKEN", "a-third-token"))
    with pytest.raises(
        ConfigurationError, match=rf"{COLD_LINK}\.token differs from the environment of hot-to-cold-mover"
    ):
        check_links(clouds, twin)
    apply(plan(twin, clouds), clouds)
    check_links(clouds, twin)
