"""Cloud Scheduler jobs."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.google_plane import LOCATION, Google

Make = Callable[..., Google]
JOBS = f"v1/{LOCATION}/jobs"
PATH = f"{JOBS}/some-job"
URL = "https://some-function-memory-uc.a.run.app/"


def body(email: str = "", **more: Any) -> dict[str, Any]:
    target: dict[str, Any] = {"uri": URL, "body": base64.b64encode(b"{}").decode()}
    if email:
        target["oidcToken"] = {"serviceAccountEmail": email}
    return {
        "name": PATH.removeprefix("v1/"),
        "schedule": "0 4 * * *",
        "timeZone": "Etc/UTC",
        "httpTarget": target,
        **more,
    }


def test_a_job_is_shown_as_google_completes_it(google: Google) -> None:
    email = google.account("some-caller")
    made = google.post("cloudscheduler", JOBS, body(email))
    assert (made["state"], made["attemptDeadline"]) == ("ENABLED", "180s")
    assert made["httpTarget"]["oidcToken"] == {"serviceAccountEmail": email, "audience": URL}
    assert made["httpTarget"]["httpMethod"] == "POST"
    assert google.get("cloudscheduler", PATH) == made
    assert google.get("cloudscheduler", JOBS)["jobs"] == [made]
    job = google.effects.jobs["some-job"]
    assert (job.url, job.schedule, job.body, job.account) == (URL, "0 4 * * *", b"{}", email)


def test_a_bare_host_is_shown_with_a_slash(google: Google) -> None:
    made = google.post("cloudscheduler", JOBS, body(httpTarget={"uri": "https://a.run.app"}))
    assert made["httpTarget"]["uri"] == "https://a.run.app/"


def test_a_job_that_is_there_is_not_made_again(google: Google) -> None:
    google.post("cloudscheduler", JOBS, body())
    refused = google.refused("POST", "cloudscheduler", JOBS, body())
    assert (refused.status, refused.code) == (409, "ALREADY_EXISTS")


@pytest.mark.parametrize(
    "more",
    [
        {"schedule": "whenever"},
        {"timeZone": "Mars/North"},
        {"attemptDeadline": "14s"},
        {"attemptDeadline": "1801s"},
        {"description": "x" * 501},
        {"httpTarget": {"uri": "not an address"}},
        {"name": f"{LOCATION}/jobs/with space"},
        {"name": "some-job"},
    ],
)
def test_a_job_that_google_refuses_is_refused(google: Google, more: dict[str, Any]) -> None:
    assert google.refused("POST", "cloudscheduler", JOBS, body(**more)).status == 400


def test_a_fresh_account_is_not_known_yet(make: Make) -> None:
    google = make(unknown_account_seconds=60)
    email = google.account("some-caller")
    refused = google.refused("POST", "cloudscheduler", JOBS, body(email))
    assert (refused.status, email in refused.message) == (404, True)
    google.now += 60
    google.post("cloudscheduler", JOBS, body(email))


def test_who_makes_a_job_acts_as_its_account(google: Google) -> None:
    email = google.account("some-caller")
    google.allow("user:scheduler@example.com", "roles/cloudscheduler.admin")
    refused = google.refused("POST", "cloudscheduler", JOBS, body(email), caller="scheduler@example.com")
    assert (refused.status, "actAs" in refused.message) == (403, True)


def test_a_patch_changes_what_its_mask_names(google: Google) -> None:
    google.post("cloudscheduler", JOBS, body(description="of a twin"))
    changed = google.patch("cloudscheduler", PATH, {"schedule": "0 5 * * *", "description": "x"}, updateMask="schedule")
    assert (changed["schedule"], changed["description"]) == ("0 5 * * *", "of a twin")
    assert google.effects.jobs["some-job"].schedule == "0 5 * * *"


def test_a_job_is_paused_and_resumed(google: Google) -> None:
    google.post("cloudscheduler", JOBS, body())
    assert google.post("cloudscheduler", f"{PATH}:pause", {})["state"] == "PAUSED"
    assert google.effects.jobs["some-job"].paused
    assert google.post("cloudscheduler", f"{PATH}:resume", {})["state"] == "ENABLED"
    assert not google.effects.jobs["some-job"].paused


def test_a_job_can_be_run_at_once(google: Google) -> None:
    google.post("cloudscheduler", JOBS, body())
    assert google.post("cloudscheduler", f"{PATH}:run", {})["lastAttemptTime"]
    assert google.effects.runs == ["some-job"]


def test_a_deleted_job_is_gone(google: Google) -> None:
    google.post("cloudscheduler", JOBS, body())
    google.delete("cloudscheduler", PATH)
    assert (google.refused("GET", "cloudscheduler", PATH).status, google.effects.jobs) == (404, {})
