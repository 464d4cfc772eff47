"""Recorded requests and answers of Google Cloud against the definitions that the sandbox's double goes by, and it.

A request that Google took must be taken, of the methods that l3kit calls, and its answer must fit the definitions.
"""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from l3kit.sandbox.gcp.control.answers import ControlAnswer, ControlRequest
from l3kit.sandbox.gcp.control.rules import Match, Rules
from tests.programs.definitions import POLICY, ids
from tests.support.google_plane import PROJECT, Google
from tests.support.google_recordings import Recording, recorded_files, recorded_in, recordings

SHARE = 0.99
REQUESTS, REPLAYED = 500, 250
RULES = Rules.load()
UNRECORDED: Mapping[str, Mapping[str, str]] = {
    "cloudbilling.v1": {"projects": "getBillingInfo"},
    "cloudfunctions.v2": {
        "projects.locations": "list",
        "projects.locations.functions": "create delete generateUploadUrl get list patch " + POLICY,
        "projects.locations.operations": "get list",
        "projects.locations.runtimes": "list",
    },
    "cloudresourcemanager.v3": {"projects": "testIamPermissions"},
    "cloudscheduler.v1": {
        "projects.locations": "list",
        "projects.locations.jobs": "create delete get list patch pause resume run",
    },
    "firestore.v1": {
        "projects.databases": "list",
        "projects.databases.collectionGroups.fields": "list",
        "projects.databases.collectionGroups.indexes": "list",
        "projects.databases.documents": "listCollectionIds",
        "projects.databases.operations": "list",
        "projects.locations": "list",
    },
    "iam.v1": {
        "projects.roles": "create delete get list patch undelete",
        "projects.serviceAccounts": "enable list " + POLICY,
        "roles": "get",
    },
    "iamcredentials.v1": {"projects.serviceAccounts": "generateAccessToken generateIdToken"},
    "logging.v2": {"entries": "list", "projects.locations.buckets": "list", "projects.metrics": "list"},
    "monitoring.v3": {
        "projects.alertPolicies": "create delete get list patch",
        "projects.notificationChannels": "create delete get list patch",
        "projects.timeSeries": "list",
    },
    "pubsub.v1": {
        "projects.subscriptions": "list modifyPushConfig " + POLICY,
        "projects.topics": "list publish testIamPermissions",
    },
    "run.v2": {
        "projects.locations.operations": "list",
        "projects.locations.services": "list " + POLICY,
    },
    "serviceusage.v1": {"services": "batchEnable batchGet"},
    "storage.v1": {
        "buckets": "list " + POLICY,
        "objects": "delete get insert rewrite",
    },
}
"""Methods that l3kit calls, of which there is no recording."""
NOT_SERVED = 501
"""Status with which the double names a feature of Google that l3kit does not use."""
DIFFERENT = {("iam.projects.serviceAccounts.get", 404, 200): 1}
"""Replayed requests with another end, and both statuses: a new account was not found at first; a setting does that."""
REPLACES_ALL = "cloudresourcemanager.projects.setIamPolicy"
"""Not replayed: the recorded policies would take the caller out of the project, for roles of products not served."""
ABSENT = frozenset(
    {
        ("storage.buckets.get", "labels.newkey"),
        ("storage.objects.list", "prefixes"),
        *((f"firestore.projects.databases.{name}", "response") for name in ("create", "delete", "patch")),
        ("firestore.projects.databases.patch", "done"),
        ("cloudresourcemanager.projects.getIamPolicy", "auditConfigs"),
        *(("cloudresourcemanager.projects.get", name) for name in ("labels", "parent")),
    }
)
"""Fields of recorded answers that the double's lack; l3kit needs none of them there.

A label whose change is not replayed; folders below a bucket, folders above a project and its labels, audit settings,
none of which the double has; and the end of operations, which the double never tells in the answer that begins one.
"""
_PARENTS = ("parent", "project")
Called = tuple[Match, Recording]
Outcome = tuple[str, Recording, ControlAnswer]
"""Of a replayed request: its method, the recording, and the double's answer."""


@pytest.fixture(scope="module")
def taken() -> list[Called]:
    """What Google took, of the methods that l3kit calls."""
    matched = [(RULES.match(one.service, one.verb, one.path), one) for one in recordings() if one.status < 300]
    return [(match, one) for match, one in matched if match is not None]


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """What the double answered to all runs."""
    runs: dict[str, list[Recording]] = defaultdict(list)
    for one in recordings():
        runs[one.file].append(one)
    return [outcome for run in runs.values() for outcome in replayed(run)]


def test_folders_and_files_may_be_named_compressed_or_not(tmp_path: Path) -> None:
    line = {"file": "x", "method": "GET", "url": "https://iam.googleapis.com/v1/projects/${projectId}/roles?a=1"}
    text = json.dumps({**line, "body": None, "status": 200, "headers": {}, "response": {"name": "${email}"}})
    first, second = tmp_path / "google-1.jsonl.gz", tmp_path / "light.recording.jsonl"
    first.write_bytes(gzip.compress(text.encode()))
    second.write_text(f"{text}\n", "utf-8")
    (tmp_path / "README.md").touch()
    assert recorded_files(str(tmp_path)) == [first, second]
    assert recorded_files(f"{second}{os.pathsep}{first}") == [second, first]
    assert recorded_in(first) == recorded_in(second)
    assert recorded_in(second)[0].path == f"/v1/projects/{PROJECT}/roles"


def test_requests_that_google_took_pass(taken: list[Called]) -> None:
    found = [(match.id, RULES.faults(match, one.query, one.content)) for match, one in taken]
    refused = [(name, faults) for name, faults in found if faults]
    share = 1 - len(refused) / len(taken)
    print(f"{len(taken) - len(refused)} of {len(taken)} requests that Google took are taken, {share:.1%}")
    assert len(taken) >= REQUESTS
    assert share >= SHARE, refused


def test_answers_have_the_recorded_shape(taken: list[Called]) -> None:
    found = [(match.id, RULES.answer_faults(match, one.answer)) for match, one in taken if one.answer is not None]
    faulty = [(name, faults) for name, faults in found if faults]
    print(f"{len(found) - len(faulty)} of {len(found)} answers of Google fit the definitions")
    assert 1 - len(faulty) / len(found) >= SHARE, faulty


def test_a_recorded_request_with_one_field_more_is_refused(taken: list[Called]) -> None:
    posted = [(match, one) for match, one in taken if isinstance(one.body, dict)]
    assert posted
    for match, one in posted:
        body = json.dumps({**one.body, "l3kitColour": "red"}).encode()
        assert len(RULES.faults(match, one.query, body)) == 1, match.id


def test_methods_without_a_recording_are_those_that_are_named(taken: list[Called]) -> None:
    found = {match.id for match, _ in taken}
    print(f"{len(found)} of {len(ids())} methods have recordings")
    assert ids() - found == ids(UNRECORDED)


def test_the_double_answers_as_google_did(outcomes: list[Outcome]) -> None:
    served = [(name, one, answer) for name, one, answer in outcomes if answer.status != NOT_SERVED]
    other = Counter((name, one.status, answer.status) for name, one, answer in served if one.status != answer.status)
    alike, left = len(served) - other.total(), len(outcomes) - len(served)
    print(f"{alike} of {len(served)} replayed requests end as they did; {left} ask for features that are not served")
    assert len(served) >= REPLAYED
    assert other == DIFFERENT


def test_answers_of_the_double_have_the_recorded_fields(outcomes: list[Outcome]) -> None:
    alike = [(name, one.answer, answer.json()) for name, one, answer in outcomes if answer.status == one.status < 300]
    missing = {(name, field) for name, recorded, answer in alike for field in lacking(recorded, answer)}
    assert missing <= ABSENT, missing - ABSENT


def lacking(recorded: Any, answer: Any, at: str = "") -> Iterator[str]:
    """Yield the fields of an object that another lacks."""
    if isinstance(recorded, dict) and isinstance(answer, dict):
        for name, inner in recorded.items():
            if name not in answer:
                yield f"{at}{name}"
            else:
                yield from lacking(inner, answer[name], f"{at}{name}.")


def replayed(run: list[Recording]) -> Iterator[Outcome]:
    """Repeat a run against a new project in memory.

    Left out is what the recordings do not tell enough of: other projects, operations, whose ids are not the recorded
    ones, and resources whose making is not recorded in the run, since each request is recorded once for all runs.
    """
    google, made = Google(), set[str]()
    try:
        for one in run:
            match = RULES.match(one.service, one.verb, one.path)
            if match is None or ".operations." in match.id or match.id == REPLACES_ALL or _elsewhere(match):
                continue
            if one.status >= 400 or all(_is_there(name, made) for name in _needed(match, one)):
                answer = _sent(google, one)
                made |= _made(match, answer)
                yield match.id, one, answer
    finally:
        google.close()


def _elsewhere(match: Match) -> bool:
    """Whether a request is about another project, or about a service of no project's own."""
    return any(
        f"{name}/".startswith("projects/") and name.split("/")[1] != PROJECT for name in match.parameters.values()
    )


def _needed(match: Match, one: Recording) -> Iterator[str]:
    """Yield the names of what must be there for a request to succeed."""
    makes = match.id.endswith((".create", ".insert"))
    yield from (value for name, value in match.parameters.items() if not makes or name in _PARENTS)
    if makes and isinstance(one.body, dict) and "topic" in one.body:
        yield one.body["topic"]


def _is_there(name: str, made: Collection[str]) -> bool:
    if "/documents/" in name:  # its database alone does not make it
        return name in made
    return name in (PROJECT, f"projects/{PROJECT}") or any(f"{name}/".startswith(f"{one}/") for one in made)


def _sent(google: Google, one: Recording) -> ControlAnswer:
    body = json.dumps(_without_etags(one.body)).encode() if one.body is not None else b""
    query = [(name, value) for name, value in one.query if name != "etag"]
    headers = {"Authorization": f"Bearer token-of:{google.caller}"}
    return google.send(ControlRequest(one.service, one.verb, one.path.removeprefix("/"), query, headers, body))


def _without_etags(value: Any) -> Any:
    """Return a body without etags, all of which the recordings blank out."""
    match value:
        case dict():
            return {name: _without_etags(inner) for name, inner in value.items() if name != "etag"}
        case list():
            return [_without_etags(inner) for inner in value]
    return value


def _made(match: Match, answer: ControlAnswer) -> set[str]:
    """Return the names under which what a request made can be asked for."""
    told: Mapping[str, Any] = answer.json() if answer.status == 200 and answer.body else {}
    name = str(told.get("name", ""))
    parameters = {value for key, value in match.parameters.items() if key not in _PARENTS}
    return {name.partition("/operations/")[0], *parameters} - {f"projects/{PROJECT}"} if name else set()
