"""A recording that can be passed on: no project, person, token or neighbour is in it, and it can still be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from l3kit.clouds.gcp.control.traffic import Exchange
from l3kit.clouds.gcp.recording import Recorder, check_clean
from l3kit.errors import CheckFailedError

TWIN, PROJECT, NUMBER = "firstlight-0a1b2c3d", "plant-7-prod", "998877665544"
MOVER = f"{TWIN}-hot-to-cold-mover@{PROJECT}.iam.gserviceaccount.com"
AGENT = f"service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"


def recorder(*secrets: str) -> Recorder:
    texts = {PROJECT: "${projectId}", NUMBER: "${projectNumber}", "deadbeef": "${bucketId}", "": "${email}"}
    return Recorder(TWIN, lambda: texts, lambda: secrets)


def recorded(answer: Any = None, path: str = "v1/x", body: Any = None, **headers: str) -> dict[str, Any]:
    kept = recorder()
    kept(Exchange("iam.googleapis.com", "POST", path, body, 200, headers, answer))
    (line,) = kept.text().splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_line_has_the_form_of_the_other_recordings() -> None:
    path = f"v1/projects/{PROJECT}/roles?showDeleted=true"
    line = recorded({"a": 1}, path, {"b": None}, **{"Content-Type": "application/json", "Set-Cookie": "x"})
    assert line == {
        "file": f"first-light/{TWIN}",
        "method": "POST",
        "url": "https://iam.googleapis.com/v1/projects/${projectId}/roles?showDeleted=true",
        "body": {"b": None},
        "status": 200,
        "headers": {"Content-Type": "application/json"},
        "response": {"a": 1},
    }


@pytest.mark.parametrize(
    ("name", "text", "cleaned"),
    [
        ("email", MOVER, MOVER.replace(PROJECT, "${projectId}")),
        ("message", "denied to alice@corp.example on it", "denied to ${email} on it"),
        ("member", "other@strange-project.iam.gserviceaccount.com", "${email}"),
        ("name", f"projects/{NUMBER}/locations", "projects/${projectNumber}/locations"),
        ("parent", "organizations/12345", "organizations/${projectNumber}"),
        ("bucket", f"{TWIN}-cold-deadbeef", f"{TWIN}-cold-${{bucketId}}"),
        ("uri", "https://some-name-ab12cd34ef-uc.a.run.app", "https://some-name-${urlId}-uc.a.run.app"),
        ("uniqueId", "108", "${accountNumber}"),
        ("generation", "1717171717171717", "${number}"),
        ("token", "abc", "${token}"),
        ("text", "Bearer ya29.a0Abc-x", "Bearer ${token}"),
        ("uploadUrl", "https://storage.googleapis.com/x?X-Goog-Signature=1", "${upload}"),
        ("INTER_CLOUD_TOKEN", "s3cret", "${token}"),
        ("etag", "BwYabc=", "abcdef0123A="),
        ("operation", "operation-6f9619ff-8b86-d011-b42d-00cf4fc964ff", "operation-${uniqueId}"),
        ("time", "2026-11-30T22:00:00.123456789Z", "2026-11-30T22:00:00.123456789Z"),
        ("l3kit-code", "a" * 20 + "12345678901234567890", "a" * 20 + "12345678901234567890"),
    ],
)
def test_what_tells_whose_it_was_is_replaced(name: str, text: str, cleaned: str) -> None:
    assert recorded({name: text})["response"] == {name: cleaned}


def test_of_a_policy_remain_the_twins_members_and_googles() -> None:
    members = ["allUsers", f"serviceAccount:{MOVER}", f"serviceAccount:{AGENT}", "user:alice@corp.example"]
    policy = {
        "bindings": [
            {"role": "roles/x", "members": members},
            {"role": "roles/owner", "members": ["user:alice@corp.example", "domain:corp.example"]},
        ],
        "auditConfigs": [{"service": "allServices"}],
    }
    (binding,) = recorded(policy)["response"]["bindings"]
    agent = AGENT.replace(NUMBER, "${projectNumber}")
    assert binding["members"] == [
        "allUsers",
        f"serviceAccount:{MOVER.replace(PROJECT, '${projectId}')}",
        f"serviceAccount:{agent}",
    ]
    assert "auditConfigs" not in recorded(policy)["response"]


def test_neighbours_in_lists_and_the_projects_title_do_not_remain() -> None:
    databases = [{"name": f"projects/{PROJECT}/databases/l3kit-{TWIN}"}, {"name": f"projects/{PROJECT}/databases/pay"}]
    assert len(recorded({"databases": databases})["response"]["databases"]) == 1
    project = {"name": f"projects/{NUMBER}", "projectId": PROJECT, "state": "ACTIVE", "displayName": "Plant Seven"}
    assert recorded(project)["response"] == {
        "name": "projects/${projectNumber}",
        "projectId": "${projectId}",
        "state": "ACTIVE",
    }


def test_what_is_repeated_unchanged_is_there_once() -> None:
    kept = recorder()
    for status in (200, 200, 404, 200):
        kept(Exchange("iam.googleapis.com", "GET", "v1/x", None, status, {}, None))
    assert len(kept.text().splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a secret here", "the project or an account"),
        ("mail bob@corp.example", "somebody's address"),
        ("eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "a token or a key"),
        ("-----BEGIN PRIVATE KEY-----", "a token or a key"),
    ],
)
def test_a_recording_with_something_private_is_refused_and_does_not_repeat_it(text: str, kind: str) -> None:
    with pytest.raises(CheckFailedError, match=f"would tell {kind}; it was not written") as error:
        check_clean(text, ["a secret", ""])
    assert text not in str(error.value)


def test_a_secret_that_no_rule_knows_is_found_before_it_is_returned() -> None:
    kept = recorder("hunter2")
    kept(Exchange("iam.googleapis.com", "GET", "v1/x", None, 200, {}, {"said": "hunter2"}))
    with pytest.raises(CheckFailedError, match="it was not written"):
        kept.text()
