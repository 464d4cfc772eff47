"""A function as it is sent to Cloud Functions, and as the answer says it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from l3kit.clouds.gcp.control.code_digests import LABEL, digest_label, hex_digest
from l3kit.clouds.gcp.control.function_bodies import body, deployed, megabytes, python_of, runtime
from l3kit.clouds.gcp.control.place import Place
from l3kit.clouds.ports.function_host import Definition

PLACE: Any = Place(None, "project", "us-central1")  # type: ignore[arg-type]
DEFINITION = Definition("3.13", {"A": "1"}, "plant", 900, memory_mb=2048, identity="plant-hot-reader")


def there(**service: Any) -> dict[str, Any]:
    sent = body(PLACE, "plant-hot-reader", DEFINITION, b"zip", {"bucket": "b", "object": "o"})
    more = {"uri": "https://x.run.app", **service}
    return {**sent, "state": "ACTIVE", "serviceConfig": {**sent["serviceConfig"], **more}}


def test_what_was_sent_is_read_back() -> None:
    found = deployed(PLACE, there(), False, ["plant-invoker"])
    assert found.state == "active"
    assert found.url == "https://x.run.app"
    assert found.code_sha256 == hashlib.sha256(b"zip").hexdigest()
    assert found.definition == Definition(
        "3.13", {"A": "1"}, "plant", 900, memory_mb=2048, identity="plant-hot-reader", callers=("plant-invoker",)
    )


def test_a_digest_fits_into_a_label_and_comes_back_whole() -> None:
    label = digest_label(b"zip")
    assert len(label) <= 63
    assert label == label.lower()
    assert label.isalnum()
    assert hex_digest(label) == hashlib.sha256(b"zip").hexdigest()
    assert hex_digest("not base 32!") == ""


def test_the_account_that_builds_is_the_twins_own() -> None:
    sent = there()
    assert sent["buildConfig"]["serviceAccount"].endswith("/plant-build@project.iam.gserviceaccount.com")
    assert sent["labels"]["l3kit-twin"] == "plant"
    assert sent["labels"][LABEL] == digest_label(b"zip")


def test_a_variable_that_googles_tools_add_is_no_drift() -> None:
    answer = there(environmentVariables={"A": "1", "LOG_EXECUTION_ID": "true"})
    assert deployed(PLACE, answer, False, ()).definition.settings == {"A": "1"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "DEPLOYING"}, "it is still being made or changed"),
        ({"state": "FAILED"}, "it failed to start: FAILED"),
        ({"stateMessages": [{"severity": "ERROR", "message": "no main.py"}]}, "it failed to start: no main.py"),
        ({"serviceConfig": {**there()["serviceConfig"], "ingressSettings": "ALLOW_INTERNAL_ONLY"}}, "ingressSettings"),
        ({"buildConfig": {**there()["buildConfig"], "entryPoint": "other"}}, "entryPoint is other, not main"),
    ],
)
def test_the_state_says_why_it_does_not_work_as_it_should(change: dict[str, Any], words: str) -> None:
    assert words in deployed(PLACE, {**there(), **change}, False, ()).state


def test_a_stranger_is_not_judged_by_what_ours_have() -> None:
    stranger = {"name": "x/functions/f", "state": "ACTIVE", "serviceConfig": {"serviceAccountEmail": "a@other"}}
    found = deployed(PLACE, stranger, True, ())
    assert (found.state, found.definition.owner, found.definition.identity) == ("active", "", "a@other")


@pytest.mark.parametrize(
    ("text", "size"), [("512Mi", 512), ("512M", 512), ("2Gi", 2048), ("1G", 1024), ("0.5Gi", 512), ("x", 0)]
)
def test_memory_is_read_in_all_its_spellings(text: str, size: int) -> None:
    assert megabytes(text) == size


def test_a_runtime_is_pythons_version() -> None:
    assert python_of(runtime("3.13")) == "3.13"
    assert python_of("nodejs22") == "nodejs22"


def test_no_repr_shows_a_setting() -> None:
    assert "'A'" not in repr(deployed(PLACE, there(), False, ()))
