"""Links as they are deployed on each cloud: read back by a fresh machine, rotated under load, kept apart by target."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
import stat
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from l3kit.deploy import Plan, apply, destroy, plan
from l3kit.operate.verify.links import check_links
from l3kit.operate.verify.report import verify
from l3kit.sandbox.state import Home
from l3kit.session import Session, reached
from l3kit.tiering.link_auth import Authentication
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.connection import credentials
from l3kit.twin.config import Twin
from l3kit.twin.connections import FILE, save_inter_cloud_connection
from l3kit.twin.layout import MOVERS
from tests.integration.aws.conftest import MakeTwin, save_link, saved_links

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
LAYOUTS = [
    pytest.param(("gcp", "aws", "azure"), id="gcp-aws-azure"),
    pytest.param(("azure", "gcp", "gcp"), id="azure-gcp-gcp"),
]
"""Together a writer on each cloud."""


@pytest.fixture(scope="module", params=LAYOUTS)
def twin(clouds: Session, make_twin: MakeTwin, request: pytest.FixtureRequest) -> Twin:
    made = make_twin(*request.param)
    apply(plan(made, clouds), clouds)
    return made


def told(session: Session, twin: Twin, function: str) -> dict[str, str]:
    """What a deployed function was told."""
    cloud = reached(session, twin.layout.host_of(function) or "", function)
    return dict(cloud.function_variables(twin, function) or {})


def links_of(twin: Twin) -> dict[str, str]:
    return {link.receiver: link.id for link in twin.layout.links}


def sender_of(twin: Twin, writer: str) -> str:
    return next(link.sender for link in twin.layout.links if link.receiver == writer)


# --- a fresh machine --------------------------------------------------------------------------------------------


def test_a_fresh_machine_plans_nothing_to_change_and_rebuilds_the_file(clouds: Session, twin: Twin) -> None:
    file = clouds.link_file(twin).path
    before, tokens = file.read_bytes(), {c.token for c in saved_links(clouds, twin).values()}
    check_links(clouds, twin)
    file.unlink()
    check_links(clouds, twin)
    fresh = plan(twin, clouds)
    assert fresh.changes == (), str(fresh)
    read_back = [note for note in fresh.notes if "url and token of" in note]
    assert len(read_back) == len(links_of(twin))
    assert all(note.endswith("were read back from the deployed writer") for note in read_back)
    assert not [token for token in tokens if token in str(fresh) + str(fresh.to_json())]
    assert file.read_bytes() == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not [note for note in plan(twin, clouds).notes if FILE in note]


def test_entries_that_differ_from_what_is_deployed_are_brought_after_it(clouds: Session, twin: Twin) -> None:
    before = clouds.link_file(twin).path.read_bytes()
    for link, right in saved_links(clouds, twin).items():
        for url, token in ((right.url, "another"), ("", right.token), ("http://127.0.0.1:9/", "")):
            save_link(clouds, twin, link, url, token)
            assert plan(twin, clouds).changes == ()
            assert clouds.link_file(twin).path.read_bytes() == before


# --- rotation ---------------------------------------------------------------------------------------------------


class Load:
    """Posts all the time to each writer: as its deployed mover would at that moment, with its token and in its way, and
    as it would in the beginning, as a mover does that was started then."""

    def __init__(self, session: Session, twin: Twin) -> None:
        self.answers: Counter[tuple[str, str, object]] = Counter()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._post, args=(session, twin, writer, saved_links(session, twin)[link].url))
            for writer, link in links_of(twin).items()
        ]

    def _post(self, session: Session, twin: Twin, writer: str, url: str) -> None:
        mover = sender_of(twin, writer)
        first = told(session, twin, mover)
        while not self._stop.is_set():
            for sender, variables in (("now", told(session, twin, mover)), ("begun before", first)):
                path = f"/{writer}" if Authentication.from_env(variables).signed else ""
                token = Secret(variables["INTER_CLOUD_TOKEN"])
                headers = credentials(token, path, b"", datetime.now(UTC))
                try:
                    status: object = requests.post(url, headers=headers, timeout=60).status_code
                except requests.RequestException as error:
                    status = type(error).__name__
                self.answers[writer, sender, status] += 1

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join(timeout=120)


class KilledError(BaseException):
    """Stands for SIGKILL."""


class Killed:
    """A resource at which the apply ends."""

    def __init__(self, resource: Any) -> None:
        self._resource = resource

    def __getattr__(self, attribute: str) -> Any:
        if attribute in ("create", "update"):
            raise KilledError
        return getattr(self._resource, attribute)


def killed_at(wanted: Plan, names: set[str]) -> Plan:
    steps = tuple(
        dataclasses.replace(step, resource=Killed(step.resource)) if step.name in names else step
        for step in wanted.steps
    )
    return dataclasses.replace(wanted, steps=steps)


def test_no_request_is_refused_while_tokens_are_rotated_even_where_that_is_killed_half_way(
    clouds: Session, twin: Twin
) -> None:
    first = {link: connection.token for link, connection in saved_links(clouds, twin).items()}
    movers = {reached(clouds, twin.layout.host_of(name) or "", name).function_name(twin, name) for name in MOVERS}
    load = Load(clouds, twin)
    with load.running():
        apply(plan(twin, clouds, rotate_tokens=True), clouds)
        assert plan(twin, clouds).changes == ()
        second = {link: connection.token for link, connection in saved_links(clouds, twin).items()}
        with pytest.raises(KilledError):
            apply(killed_at(plan(twin, clouds, rotate_tokens=True), movers), clouds)
        clouds.link_file(twin).path.unlink()  # another machine goes on
        check_links(clouds, twin)
        apply(plan(twin, clouds), clouds)
    assert plan(twin, clouds).changes == ()
    assert {status for _, _, status in load.answers} == {400}, load.answers
    assert {writer for writer, _, _ in load.answers} == set(links_of(twin))
    for writer, link in links_of(twin).items():
        deployed, saved = told(clouds, twin, writer), saved_links(clouds, twin)[link]
        sender = told(clouds, twin, sender_of(twin, writer))
        assert saved.token == deployed["INTER_CLOUD_TOKEN"] == sender["INTER_CLOUD_TOKEN"]
        assert saved.token not in (first[link], second[link])
        assert {former.token.reveal() for former in saved.former} == {first[link], second[link]}
    report = verify(clouds, twin, canary=False)
    assert report.failed == (), report.summary()


def signed(twin: Twin, link_auth: str) -> Twin:
    """The same twin after a change of its config.json."""
    file = twin.path / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "link_auth": link_auth}))
    return Twin.load(twin.path)


def test_no_request_is_refused_while_links_change_to_signatures_and_back(clouds: Session, twin: Twin) -> None:
    wanted = signed(twin, "signature")
    movers = {reached(clouds, twin.layout.host_of(name) or "", name).function_name(twin, name) for name in MOVERS}
    there, back = Load(clouds, wanted), Load(clouds, wanted)
    with there.running():
        with pytest.raises(KilledError):
            apply(killed_at(plan(wanted, clouds), movers), clouds)
        check_links(clouds, wanted)
        apply(plan(wanted, clouds, rotate_tokens=True), clouds)
    clouds.link_file(twin).path.unlink()  # another machine goes on
    assert plan(wanted, clouds).changes == ()
    ends = [end for link in twin.layout.links for end in (link.sender, link.receiver)]
    assert {told(clouds, twin, end)["LINK_AUTH"] for end in ends} == {"signature"}
    report = verify(clouds, wanted, canary=False)
    assert report.failed == (), report.summary()
    with back.running():
        apply(plan(signed(twin, "token"), clouds), clouds)
    assert plan(twin, clouds).changes == ()
    assert not [end for end in ends if "LINK_AUTH" in str(told(clouds, twin, end))]
    for load in (there, back):
        assert {status for _, _, status in load.answers} == {400}, load.answers
        assert {writer for writer, _, _ in load.answers} == set(links_of(twin))


# --- one file for each target -----------------------------------------------------------------------------------


def test_a_twin_that_is_tried_in_a_sandbox_keeps_the_links_of_real_accounts(
    clouds: Session, make_twin: MakeTwin
) -> None:
    made = make_twin("azure", "gcp", "gcp")
    (link,) = links_of(made).values()
    save_inter_cloud_connection(made.path, link, "https://real.example", "real-token", provider="gcp")
    before = (made.path / FILE).read_bytes()
    for rotate in (False, True):
        apply(plan(made, clouds, rotate_tokens=rotate), clouds)
        assert (made.path / FILE).read_bytes() == before
        for function in FUNCTIONS:
            if made.layout.host_of(function) is not None:
                assert "real" not in str(told(clouds, made, function)), function
    assert plan(made, clouds).changes == ()
    here = saved_links(clouds, made)[link]
    elsewhere = dataclasses.replace(clouds, sandbox_home=made.path / "other")
    assert clouds.sandbox_home
    Home(made.path / "other").root.mkdir()
    shutil.copy(Home(clouds.sandbox_home).state_file, Home(made.path / "other").state_file)
    assert saved_links(elsewhere, made) == {}
    assert plan(made, elsewhere).changes == ()
    assert saved_links(elsewhere, made) == {link: here}
    destroy(made, clouds, data=True)
    gone = saved_links(clouds, made)[link]
    assert (gone.url, gone.token, gone.former) == ("", "", ())
    assert saved_links(elsewhere, made) == {link: here}, "destroy empties its own alone"
    assert (made.path / FILE).read_bytes() == before
