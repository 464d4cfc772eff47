"""APIs: enabled, and effective after a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from l3kit.sandbox.gcp.control.settings import ENABLED_AT_FIRST
from tests.support.google_plane import NAME, Google

Make = Callable[..., Google]
SERVICES = f"v1/{NAME}/services"
RUN, IAM = "run.googleapis.com", "iam.googleapis.com"


def enable(google: Google, *services: str) -> Any:
    return google.post("serviceusage", f"{SERVICES}:batchEnable", {"serviceIds": list(services)})


@pytest.fixture
def fresh(make: Make) -> Google:
    """A project in which nothing was enabled yet."""
    return make(enabled=ENABLED_AT_FIRST)


def test_a_new_project_has_few_apis(fresh: Google) -> None:
    assert fresh.get("storage", "storage/v1/b", project="memory-project")["kind"] == "storage#buckets"
    assert "SERVICE_DISABLED" in fresh.refused("GET", "iam", f"v1/{NAME}/serviceAccounts").reasons
    assert fresh.get("serviceusage", f"{SERVICES}/{IAM}")["state"] == "DISABLED"


def test_enabling_is_an_operation(fresh: Google) -> None:
    begun = enable(fresh, IAM, RUN)
    assert "done" not in begun
    ended = fresh.ended("serviceusage", "v1", begun)
    assert [one["state"] for one in ended["response"]["services"]] == ["ENABLED", "ENABLED"]
    assert fresh.get("iam", f"v1/{NAME}/serviceAccounts") == {}
    listed = fresh.get("serviceusage", SERVICES, filter="state:ENABLED", pageSize="200")["services"]
    assert {IAM, RUN} <= {one["name"].rpartition("/")[2] for one in listed}


def test_enabling_what_is_enabled_is_done_at_once(fresh: Google) -> None:
    fresh.ended("serviceusage", "v1", enable(fresh, IAM))
    again = enable(fresh, IAM)
    assert (again["name"], again["done"]) == ("operations/noop.DONE_OPERATION", True)
    assert fresh.ended("serviceusage", "v1", again)["done"]


def test_an_enabled_api_still_calls_itself_disabled_for_a_while(make: Make) -> None:
    google = make(enabled=frozenset(), enabling_seconds=90)
    google.ended("serviceusage", "v1", enable(google, IAM))
    assert google.get("serviceusage", f"{SERVICES}/{IAM}")["state"] == "ENABLED"
    assert "SERVICE_DISABLED" in google.refused("GET", "iam", f"v1/{NAME}/serviceAccounts").reasons
    google.now += 90
    assert google.get("iam", f"v1/{NAME}/serviceAccounts") == {}


def test_without_billing_paid_apis_stay_off(make: Make) -> None:
    google = make(enabled=frozenset(), billing=False)
    refused = google.refused("POST", "serviceusage", f"{SERVICES}:batchEnable", {"serviceIds": [IAM, RUN]})
    assert (refused.status, refused.code) == (400, "FAILED_PRECONDITION")
    assert refused.reasons == ["UREQ_PROJECT_BILLING_NOT_FOUND"]
    assert f"service(s) '{RUN}'" in refused.message
    google.ended("serviceusage", "v1", enable(google, IAM))


def test_an_unknown_api_is_refused_with_all_others(fresh: Google) -> None:
    body = {"serviceIds": [IAM, "painting.googleapis.com"]}
    refused = fresh.refused("POST", "serviceusage", f"{SERVICES}:batchEnable", body)
    assert (refused.status, refused.code) == (403, "PERMISSION_DENIED")
    assert fresh.get("serviceusage", f"{SERVICES}/{IAM}")["state"] == "DISABLED"


def test_a_batch_has_at_most_20_apis(fresh: Google) -> None:
    for services in ([], [IAM] * 21):
        body = {"serviceIds": services}
        assert fresh.refused("POST", "serviceusage", f"{SERVICES}:batchEnable", body).status == 400


def test_several_are_asked_about_at_once(fresh: Google) -> None:
    names = [f"{NAME}/services/{IAM}", f"{NAME}/services/serviceusage.googleapis.com"]
    found = fresh.get("serviceusage", f"{SERVICES}:batchGet", names=names)["services"]
    assert [one["state"] for one in found] == ["DISABLED", "ENABLED"]
