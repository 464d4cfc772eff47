"""Deployments over several clouds: repeated, interrupted, drifted, changed, somebody else's, and taken away again."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from l3kit.clouds.azure.control.calls import blob_client, cosmos_client
from l3kit.clouds.azure.names import AzureNames
from l3kit.clouds.gcp.control.calls import firestore_client, storage_client
from l3kit.clouds.gcp.control.collections import OWNERS, Collection
from l3kit.clouds.gcp.names import GcpNames
from l3kit.clouds.ports.function_host import Definition
from l3kit.deploy import apply, destroy, plan, plan_destroy
from l3kit.errors import ConfigurationError, MissingConnectionError, ProvisioningError
from l3kit.operate.inventory import tiers
from l3kit.operate.movers import run_mover
from l3kit.operate.telemetry import put_telemetry
from l3kit.operate.verify.links import check_links
from l3kit.operate.verify.report import verify
from l3kit.session import Session
from l3kit.tiering.settings import FUNCTIONS
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, saved_links, write_twin
from tests.support.accounts import azure_of, gcp_of
from tests.support.cloud_functions import azure_zip, definition, gcp_zip

pytestmark = pytest.mark.sandbox
NOW = datetime(2026, 6, 1, tzinfo=UTC)
COLD_LINK = "azure_l3hot_to_gcp_l3cold"
ARCHIVE_LINK = "gcp_l3cold_to_azure_l3archive"


def azure_names(session: Session, twin: Twin) -> AzureNames:
    return AzureNames(twin.name, azure_of(session).subscription, azure_of(session).region)


def gcp_names(session: Session, twin: Twin) -> GcpNames:
    return GcpNames(twin.name, gcp_of(session).project, gcp_of(session).region)


def host(session: Session, cloud: str) -> Any:
    side = {"azure": azure_of(session), "gcp": gcp_of(session)}[cloud]
    assert side is not None
    return side.functions


def function_name(session: Session, twin: Twin, cloud: str, function: str) -> str:
    names: Any = azure_names(session, twin) if cloud == "azure" else gcp_names(session, twin)
    return str(names.function(function))


def put_items(session: Session, twin: Twin, day: int, count: int = 3) -> None:
    stamps = [f"2026-01-{day:02d}T00:{minute:02d}:00Z" for minute in range(count)]
    device = twin.devices[0].id
    readings = [(device, json.dumps({"iotDeviceId": device, "id": stamp, "v": 1}).encode()) for stamp in stamps]
    put_telemetry(session, twin, readings)


def held(session: Session, twin: Twin) -> dict[str, int]:
    found = tiers(session, twin)
    return {tier: count for tier in ("hot", "cold", "archive") if (count := found.total(tier))}


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


@pytest.mark.slow
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


# --- drift ------------------------------------------------------------------------------------------------------


def change_settings(session: Session, twin: Twin, cloud: str, function: str, change: Callable[[Any], Any]) -> None:
    """Deploys the same code with another definition, as somebody might by hand."""
    from l3kit.packaging.sources import pack_sources

    name, functions = function_name(session, twin, cloud, function), host(session, cloud)
    there = functions.get(name)
    functions.put(name, change(there.definition), pack_sources(cloud, function))


def with_setting(name: str, value: str | None) -> Callable[[Definition], Definition]:
    def change(definition: Definition) -> Definition:
        settings = {**definition.settings, name: value or ""}
        if value is None:
            del settings[name]
        return dataclasses.replace(definition, settings=settings)

    return change


Break = Callable[[Session, Twin], object]
Broken = tuple[Break, str]
ROUNDS: list[dict[str, Broken]] = [
    {
        "azure: a deleted function": (
            lambda s, t: host(s, "azure").delete(function_name(s, t, "azure", "hot-to-cold-mover")),
            "missing",
        ),
        "azure: a deleted writer": (
            lambda s, t: host(s, "azure").delete(function_name(s, t, "azure", "archive-writer")),
            "missing",
        ),
        "azure: a changed setting": (
            lambda s, t: change_settings(s, t, "azure", "hot-reader", with_setting("COSMOS_DATABASE_NAME", "other")),
            "variable COSMOS_DATABASE_NAME differs",
        ),
        "azure: a removed Cosmos container": (
            lambda s, t: (
                cosmos_client(azure_of(s))
                .get_database_client(azure_names(s, t).database())
                .delete_container(azure_names(s, t).store("journal"))
            ),
            "missing",
        ),
        "azure: a removed blob container": (
            lambda s, t: blob_client(azure_of(s)).delete_container(azure_names(s, t).store("archive")),
            "missing",
        ),
        "gcp: a deleted function": (
            lambda s, t: host(s, "gcp").delete(function_name(s, t, "gcp", "cold-to-archive-mover")),
            "missing",
        ),
        "gcp: a token that a function lacks": (
            lambda s, t: change_settings(s, t, "gcp", "cold-writer", with_setting("INTER_CLOUD_TOKEN", None)),
            "variable INTER_CLOUD_TOKEN is missing",
        ),
        "gcp: a removed bucket": (
            lambda s, t: storage_client(gcp_of(s)).bucket(gcp_names(s, t).store("cold")).delete(force=True),
            "missing",
        ),
    },
    {
        "azure: a further setting": (
            lambda s, t: change_settings(s, t, "azure", "hot-reader", with_setting("EXTRA", "1")),
            "variable EXTRA is not wanted",
        ),
        "azure: a schedule that somebody changed": (
            lambda s, t: change_settings(
                s, t, "azure", "hot-to-cold-mover", with_setting("MOVER_SCHEDULE", "0 0 4 * * *")
            ),
            "variable MOVER_SCHEDULE differs",
        ),
        "gcp: a writer that is no longer public": (
            lambda s, t: change_settings(s, t, "gcp", "cold-writer", lambda d: dataclasses.replace(d, public=False)),
            "it is not open to everybody, as it should be",
        ),
        "gcp: a changed job": (
            lambda s, t: change_settings(
                s,
                t,
                "gcp",
                "cold-to-archive-mover",
                lambda d: dataclasses.replace(d, schedules=[{**d.schedules[0], "schedule": "0 4 * * *"}]),
            ),
            "its schedule differs",
        ),
        "gcp: another storage class": (
            lambda s, t: set_bucket(s, t, storage_class="STANDARD"),
            "its storage class is STANDARD, not COLDLINE",
        ),
    },
    {
        "azure: another timeout": (
            lambda s, t: change_settings(s, t, "azure", "hot-reader", lambda d: dataclasses.replace(d, timeout=5)),
            "its timeout is 5 s, not 60 s",
        ),
        "gcp: public access not prevented": (
            lambda s, t: set_bucket(s, t, public_access_prevention="inherited"),
            "public access is not prevented",
        ),
    },
]
"""What is broken at once: no two changes of a round are to the same resource."""


def set_bucket(session: Session, twin: Twin, *, storage_class: str = "", public_access_prevention: str = "") -> None:
    bucket = storage_client(gcp_of(session)).get_bucket(gcp_names(session, twin).store("cold"))
    if storage_class:
        bucket.storage_class = storage_class
    if public_access_prevention:
        bucket.iam_configuration.public_access_prevention = public_access_prevention
    bucket.patch()


@pytest.mark.parametrize(
    "breaks",
    [
        pytest.param(breaks, id=f"{len(breaks)} changes", marks=[pytest.mark.slow] * (breaks is not ROUNDS[0]))
        for breaks in ROUNDS
    ],
)
def test_what_somebody_changed_shows_with_its_reason_and_is_repaired(
    clouds: Session, twin: Twin, breaks: dict[str, Broken]
) -> None:
    shows_and_is_repaired(clouds, twin, breaks)


def test_a_removed_collection_shows_and_is_made_again(clouds: Session, gcp_twin: Twin) -> None:
    journal = Collection(gcp_of(clouds), gcp_names(clouds, gcp_twin).store("journal"), gcp_twin.name)
    shows_and_is_repaired(
        clouds, gcp_twin, {"a removed collection": (lambda session, twin: journal.delete(), "missing")}
    )


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


@pytest.mark.slow
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


@pytest.mark.slow
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
    assert f"connections.{COLD_LINK}.url differs from what hot-to-cold-mover was told; run deploy_l3" in told
    assert f"connections.{ARCHIVE_LINK} has no url or no token: deploy archive-writer first" in told
    assert "Nothing was moved" in told
    assert not tokens & set(re.findall(r"[\w-]+", told))
    apply(plan(twin, clouds), clouds)
    check_links(clouds, twin)


def test_a_mover_that_was_told_another_token_is_named(clouds: Session, twin: Twin) -> None:
    hot = twin.layout.hot
    change_settings(clouds, twin, hot, "hot-to-cold-mover", with_setting("INTER_CLOUD_TOKEN", "a-third-token"))
    with pytest.raises(ConfigurationError, match=rf"{COLD_LINK}\.token differs from what hot-to-cold-mover was told"):
        check_links(clouds, twin)
    apply(plan(twin, clouds), clouds)
    check_links(clouds, twin)


# --- others' ----------------------------------------------------------------------------------------------------


def others_blob_container(session: Session, twin: Twin) -> str:
    container = blob_client(azure_of(session)).get_container_client(azure_names(session, twin).store("cold"))
    container.create_container()
    container.upload_blob("theirs", b"1")
    return f"blob container {container.container_name}"


def others_database(session: Session, twin: Twin) -> str:
    from azure.cosmos import PartitionKey

    database = cosmos_client(azure_of(session)).create_database(azure_names(session, twin).database())
    container = database.create_container("l3kit-owner", PartitionKey("/id"))
    container.upsert_item({"id": "owner", "twin": "somebody-else"})
    return f"database {database.id}"


def others_unmarked_database(session: Session, twin: Twin) -> str:
    from azure.cosmos import PartitionKey

    database = cosmos_client(azure_of(session)).create_database(azure_names(session, twin).database())
    database.create_container("theirs", PartitionKey("/id")).upsert_item({"id": "1"})
    return f"database {database.id}"


def others_bucket(session: Session, twin: Twin) -> str:
    bucket = storage_client(gcp_of(session)).bucket(gcp_names(session, twin).store("cold"))
    bucket.create(location="us-central1")
    bucket.blob("theirs").upload_from_string(b"1")
    return f"bucket {bucket.name}"


def others_collection(session: Session, twin: Twin) -> str:
    name = gcp_names(session, twin).store("hot")
    Collection(gcp_of(session), name, "somebody-else").create()
    return f"collection {name}"


def others_unmarked_collection(session: Session, twin: Twin) -> str:
    name = gcp_names(session, twin).store("hot")
    database = f"projects/{gcp_of(session).project}/databases/(default)"
    document = {"name": f"{database}/documents/{name}/theirs", "fields": {"a": {"integer_value": 1}}}
    firestore_client(gcp_of(session)).commit({"database": database, "writes": [{"update": document}]})
    return f"collection {name}"


def others_function(cloud: str) -> Callable[[Session, Twin], str]:
    def make(session: Session, twin: Twin) -> str:
        name = function_name(session, twin, cloud, "hot-reader")
        source = {"azure": azure_zip("import azure.functions as func\napp = func.FunctionApp()\n")}
        source["gcp"] = gcp_zip("def main(request):\n    return 'theirs'\n")
        host(session, cloud).put(name, definition(owner="somebody-else"), source[cloud])
        return f"function {name}"

    return make


OTHERS: dict[str, tuple[str, Callable[[Session, Twin], str]]] = {
    "a blob container": ("azure", others_blob_container),
    "a database of another twin": ("azure", others_database),
    "a database that says nothing": ("azure", others_unmarked_database),
    "a function on Azure": ("azure", others_function("azure")),
    "a bucket": ("gcp", others_bucket),
    "a collection of another twin": ("gcp", others_collection),
    "a collection that says nothing": ("gcp", others_unmarked_collection),
    "a function on Google Cloud": ("gcp", others_function("gcp")),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_is_somebody_elses_is_refused_and_kept(clouds: Session, make_twin: MakeTwin, case: str) -> None:
    cloud, make = OTHERS[case]
    made = make_twin(cloud, cloud, cloud)
    label = make(clouds, made)
    with pytest.raises(ProvisioningError, match=f"{label}: exists and is not this twin's"):
        plan(made, clouds)
    wanted = plan_destroy(made, clouds, data=True)
    kept = [(step.action, f"{step.kind} {step.name}") for step in wanted.steps]
    assert ("keep", label) in kept
    assert not wanted.changes
    apply(wanted, clouds)
    with pytest.raises(ProvisioningError, match=f"{label}: exists and is not this twin's"):
        plan(made, clouds)


# --- destroy and change -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_destroy_without_data_keeps_stores_and_data_and_apply_finds_them_again(
    clouds: Session, make_twin: MakeTwin
) -> None:
    made = make_twin("gcp", "azure", "gcp")
    apply(plan(made, clouds), clouds)
    put_items(clouds, made, 1)
    assert run_mover(clouds, made, "hot-to-cold-mover", time=NOW).total("items") == 3
    put_items(clouds, made, 2, 2)
    destroyed = destroy(made, clouds)
    assert {step.kind for step in destroyed.done} == {"function", "link address", "link token"}
    left = plan_destroy(made, clouds)
    assert {(step.action, step.reason) for step in left.steps} == {("keep", "holds data; removed only with data=True")}
    assert {step.kind for step in left.steps} == {"collection", "blob container", "bucket"}
    assert held(clouds, made) == {"hot": 2, "cold": 3}
    again = apply(plan(made, clouds), clouds)
    assert not [step for step in again.done if step.kind in ("collection", "blob container", "bucket")]
    assert run_mover(clouds, made, "hot-to-cold-mover", time=NOW).total("items") == 2
    assert held(clouds, made) == {"cold": 5}
    destroy(made, clouds, data=True)
    assert plan_destroy(made, clouds, data=True).steps == ()


@pytest.mark.slow
def test_a_twin_beside_it_is_not_touched(clouds: Session, make_twin: MakeTwin) -> None:
    one, other = make_twin("gcp", "azure", "azure"), make_twin("gcp", "azure", "azure")
    for made in (one, other):
        apply(plan(made, clouds), clouds)
    put_items(clouds, other, 1)
    destroy(one, clouds, data=True)
    assert plan(other, clouds).changes == ()
    assert held(clouds, other) == {"hot": 3}


@pytest.mark.slow
def test_a_changed_layout_removes_what_is_no_longer_called_for(clouds: Session, make_twin: MakeTwin) -> None:
    made = make_twin("azure", "azure", "gcp")
    apply(plan(made, clouds), clouds)
    write_twin(made.path, made.name, "azure", "gcp", "gcp", ["pump-1"])
    moved = Twin.load(made.path)
    wanted = plan(moved, clouds)
    removed = {(step.kind, step.name) for step in wanted.changes if step.action == "delete"}
    assert removed == {
        ("function", function_name(clouds, moved, "azure", "cold-to-archive-mover")),
        ("function", function_name(clouds, moved, "gcp", "archive-writer")),
        ("link token", "azure_l3cold_to_gcp_l3archive"),
    }
    apply(wanted, clouds)
    assert plan(moved, clouds).changes == ()
    assert set(saved_links(clouds, moved)) == {COLD_LINK}
    for cloud in ("azure", "gcp"):
        there = {f for f in FUNCTIONS if host(clouds, cloud).get(function_name(clouds, moved, cloud, f))}
        assert (
            there
            == {
                "azure": {"hot-to-cold-mover", "hot-reader", "hot-reader-last-entry"},
                "gcp": {"cold-writer", "cold-to-archive-mover"},
            }[cloud]
        )
    put_items(clouds, moved, 1)
    assert run_mover(clouds, moved, "hot-to-cold-mover", time=NOW).total("items") == 3
    destroy(moved, clouds, data=True)
    assert plan_destroy(moved, clouds, data=True).steps == ()


# --- interrupted ------------------------------------------------------------------------------------------------


class KilledError(BaseException):
    """Stands for SIGKILL: nothing in the code catches it."""


class Killer:
    """Ends the process, so to speak, at the n-th request that changes something, before or after it took effect."""

    def __init__(self, at: int, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        send = requests.Session.send
        commit = type(firestore_client_of()).commit

        def counted(name: str, do: Callable[[], Any]) -> Any:
            self.calls.append(name)
            if when == "before" and len(self.calls) == at:
                raise KilledError
            answer = do()
            if when == "after" and len(self.calls) == at:
                raise KilledError
            return answer

        def sent(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> Any:
            do = lambda: send(session, request, **more)  # noqa: E731
            if request.method in ("GET", "HEAD") or request.headers.get("X-Inter-Cloud-Token"):
                return do()
            return counted(f"{request.method} {str(request.url).partition('?')[0]}", do)

        def committed(client: Any, *arguments: Any, **more: Any) -> Any:
            return counted("commit", lambda: commit(client, *arguments, **more))

        monkeypatch.setattr(requests.Session, "send", sent)
        monkeypatch.setattr(type(firestore_client_of()), "commit", committed)


def firestore_client_of() -> Any:
    from google.cloud.firestore_v1.services.firestore import FirestoreClient

    return FirestoreClient.__new__(FirestoreClient)


def killed_apply(session: Session, twin: Twin, at: int, when: str) -> list[str]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        killer = Killer(at, when, monkeypatch)
        with contextlib.suppress(KilledError):
            apply(plan(twin, session), session)
    return killer.calls


def completes_what_a_kill_left(session: Session, made: Twin, at: int, when: str) -> None:
    calls = killed_apply(session, made, at, when)
    assert len(calls) == at
    where = f"killed {when} call {at}, {calls[-1]}"
    tokens = {name: c.token for name, c in saved_links(session, made).items() if c.token}
    apply(plan(made, session), session)
    left = plan(made, session)
    assert left.changes == (), f"{where}: {left}"
    assert not left.notes, where
    after = saved_links(session, made)
    assert all(after[name].token == token for name, token in tokens.items()), where
    destroy(made, session, data=True)
    assert plan_destroy(made, session, data=True).steps == (), where


def test_an_apply_killed_at_a_call_is_completed_by_the_next(clouds: Session, make_twin: MakeTwin) -> None:
    completes_what_a_kill_left(clouds, make_twin("gcp", "azure", "gcp"), 7, "after")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("layout", [("gcp", "azure", "gcp"), ("azure", "gcp", "azure")], ids="-".join)
def test_an_apply_killed_at_every_call_is_completed_by_the_next(
    clouds: Session, make_twin: MakeTwin, layout: tuple[str, str, str]
) -> None:
    first = make_twin(*layout)
    total = len(killed_apply(clouds, first, 0, "never"))
    destroy(first, clouds, data=True)
    assert total >= 12
    for at in range(1, total + 1):
        for when in ("before", "after"):
            completes_what_a_kill_left(clouds, make_twin(*layout), at, when)


def test_a_destroy_killed_at_any_call_is_completed_by_the_next(clouds: Session, make_twin: MakeTwin) -> None:
    made = make_twin("gcp", "azure", "azure")
    apply(plan(made, clouds), clouds)
    put_items(clouds, made, 1)
    for at in range(1, 100):
        with pytest.MonkeyPatch.context() as monkeypatch:
            Killer(2, "before" if at % 2 else "after", monkeypatch)
            try:
                destroy(made, clouds, data=True)
            except KilledError:
                continue
        break
    assert at > 3
    destroy(made, clouds, data=True)
    assert plan_destroy(made, clouds, data=True).steps == ()


def test_each_owner_note_goes_with_its_collection(clouds: Session, gcp_twin: Twin) -> None:
    client = firestore_client(gcp_of(clouds))
    parent = f"projects/{gcp_of(clouds).project}/databases/(default)/documents"
    owners = {d.name.rpartition("/")[2] for d in client.list_documents({"parent": parent, "collection_id": OWNERS})}
    names = gcp_names(clouds, gcp_twin)
    assert {names.store("hot"), names.store("journal")} <= owners
    destroy(gcp_twin, clouds, data=True)
    owners = {d.name.rpartition("/")[2] for d in client.list_documents({"parent": parent, "collection_id": OWNERS})}
    assert not {names.store("hot"), names.store("journal")} & owners
