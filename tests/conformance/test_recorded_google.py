"""Recorded requests and answers of Google Cloud against the definitions that the sandbox's double goes by.

The recordings are not in this repository: `L3KIT_RECORDINGS` names a folder with `google.jsonl.gz` (CONTRIBUTING.md). A
request that Google took must be taken, of the methods that l3kit calls, and its answer must fit the definitions.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from l3kit.sandbox.gcp.control.rules import Fault, Match, Rules
from tests.programs.definitions import POLICY, ids

VARIABLE = "L3KIT_RECORDINGS"
FILE = "google.jsonl.gz"
SHARE = 0.99
REQUESTS = 500
RULES = Rules.load()
PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
NUMBERED = re.compile("umber|I[dD]$")
SAME_FORM = ("https://cloudresourcemanager.googleapis.com/v1/projects/", ":getIamPolicy", ":setIamPolicy")
"""Calls of an older version with the requests and answers of the one that l3kit calls."""
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


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request that Google took, of a method that l3kit calls."""

    match: Match
    query: tuple[tuple[str, str], ...]
    body: bytes
    answer: Any

    @property
    def faults(self) -> tuple[Fault, ...]:
        return RULES.faults(self.match, self.query, self.body)

    @property
    def answer_faults(self) -> tuple[Fault, ...]:
        return RULES.answer_faults(self.match, self.answer)


@pytest.fixture(scope="module")
def recorded() -> list[Recorded]:
    folder = os.environ.get(VARIABLE, "")
    path = Path(folder) / FILE
    if not folder or not path.is_file():
        pytest.skip(f"no recordings: {VARIABLE} names no folder with {FILE} (CONTRIBUTING.md, 'Recordings')")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return list(_taken(json.loads(PLACEHOLDER.sub(_filled, line)) for line in lines))


def _filled(placeholder: re.Match[str]) -> str:
    """A value that has the form of what the recordings blank out."""
    return "123456789012" if NUMBERED.search(placeholder[1]) else "x1"


def _taken(lines: Iterator[Mapping[str, Any]]) -> Iterator[Recorded]:
    for line in lines:
        old, *actions = SAME_FORM
        text = line["url"]
        if text.startswith(old) and text.partition("?")[0].endswith(tuple(actions)):
            text = text.replace("/v1/", "/v3/", 1)
        url = urlsplit(text)
        match = RULES.match(url.netloc, line["method"], url.path)
        if match is not None and line["status"] < 300:
            body = b"" if line["body"] is None else json.dumps(line["body"]).encode()
            yield Recorded(match, tuple(parse_qsl(url.query, keep_blank_values=True)), body, line["response"])


def test_requests_that_google_took_pass(recorded: list[Recorded]) -> None:
    refused = [(one.match.id, [fault.description for fault in one.faults]) for one in recorded if one.faults]
    share = 1 - len(refused) / len(recorded)
    print(f"{len(recorded) - len(refused)} of {len(recorded)} requests that Google took are taken, {share:.1%}")
    assert len(recorded) >= REQUESTS
    assert share >= SHARE, refused


def test_answers_have_the_recorded_shape(recorded: list[Recorded]) -> None:
    answered = [one for one in recorded if one.answer is not None]
    faulty = [(one.match.id, [fault.description for fault in one.answer_faults]) for one in answered]
    faulty = [case for case in faulty if case[1]]
    print(f"{len(answered) - len(faulty)} of {len(answered)} answers of Google fit the definitions")
    assert 1 - len(faulty) / len(answered) >= SHARE, faulty


def test_a_recorded_request_with_one_field_more_is_refused(recorded: list[Recorded]) -> None:
    posted = [one for one in recorded if one.body]
    assert posted
    for one in posted:
        body = json.dumps({**json.loads(one.body), "l3kitColour": "red"}).encode()
        assert len(RULES.faults(one.match, one.query, body)) == 1, one.match.id


def test_methods_without_a_recording_are_those_that_are_named(recorded: list[Recorded]) -> None:
    found = {one.match.id for one in recorded}
    print(f"{len(found)} of {len(ids())} methods have recordings")
    assert ids() - found == ids(UNRECORDED)
