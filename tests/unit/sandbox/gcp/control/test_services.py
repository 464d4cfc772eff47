"""Cloud Run services below functions, and who may invoke them."""

from __future__ import annotations

import pytest

from tests.support.google_plane import LOCATION, Google

SERVICES = f"v2/{LOCATION}/services"
PATH = f"{SERVICES}/some-function"


@pytest.fixture(autouse=True)
def _deployed(google: Google) -> None:
    google.function_is_there()


def test_a_service_is_its_functions(google: Google) -> None:
    shown = google.get("run", PATH)
    template = shown["template"]
    assert (shown["uri"], shown["terminalCondition"]["state"]) == (
        "https://some-function-memory-uc.a.run.app",
        "CONDITION_SUCCEEDED",
    )
    assert (template["timeout"], template["containers"][0]["resources"]["limits"]["memory"]) == ("60s", "256M")
    assert google.get("run", SERVICES)["services"] == [shown]
    assert google.refused("GET", "run", f"{SERVICES}/other").message == f'service "{LOCATION}/services/other" not found'


def test_a_policy_is_read_and_written_with_its_etag(google: Google) -> None:
    empty = google.get("run", f"{PATH}:getIamPolicy")
    assert set(empty) == {"etag"}
    body = {"policy": {**empty, "bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}}
    google.post("run", f"{PATH}:setIamPolicy", body)
    assert google.refused("POST", "run", f"{PATH}:setIamPolicy", body).code == "ABORTED"
    assert google.refused("GET", "run", f"{SERVICES}/other:getIamPolicy").status == 404


def test_a_patch_changes_its_ingress(google: Google) -> None:
    body = {"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"}
    ended = google.ended("run", "v2", google.patch("run", PATH, body, updateMask="ingress"))
    assert ended["response"]["ingress"] == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    assert google.get("run", PATH)["generation"] == "2"


def test_an_old_etag_is_refused(google: Google) -> None:
    assert google.refused("PATCH", "run", PATH, {"etag": '"old"'}, updateMask="ingress").code == "ABORTED"


def test_a_service_is_deleted(google: Google) -> None:
    assert google.ended("run", "v2", google.delete("run", PATH))["done"]
    assert google.refused("GET", "run", PATH).status == 404
