"""Service accounts: made, seen after a while, and deleted for good."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.google_plane import EVERY_API, NAME, Google

Make = Callable[..., Google]
ACCOUNTS = f"v1/{NAME}/serviceAccounts"
EMAIL = f"some-account@{NAME.partition('/')[2]}.iam.gserviceaccount.com"


def test_an_account_is_shown_as_google_shows_it(google: Google) -> None:
    about = {"displayName": "Some", "description": "of a twin"}
    made = google.post("iam", ACCOUNTS, {"accountId": "some-account", "serviceAccount": about})
    assert (made["email"], made["name"], made["description"]) == (EMAIL, f"{NAME}/serviceAccounts/{EMAIL}", "of a twin")
    assert google.get("iam", f"{ACCOUNTS}/{EMAIL}") == made
    assert google.get("iam", f"v1/projects/-/serviceAccounts/{EMAIL}") == made
    assert google.get("iam", f"{ACCOUNTS}/{made['uniqueId']}") == made
    assert google.get("iam", ACCOUNTS)["accounts"] == [made]


def test_an_account_that_is_there_is_not_made_again(google: Google) -> None:
    google.account("some-account")
    refused = google.refused("POST", "iam", ACCOUNTS, {"accountId": "some-account"})
    assert (refused.status, refused.code) == (409, "ALREADY_EXISTS")
    assert refused.message == f"Service account some-account already exists within project {NAME}."


@pytest.mark.parametrize("one", ["short", "Upper-case", "1-digit-first", "x" * 31, "ends-with-", "under_score"])
def test_an_id_that_google_refuses_is_refused(google: Google, one: str) -> None:
    assert google.refused("POST", "iam", ACCOUNTS, {"accountId": one}).status == 400


def test_a_fresh_account_is_not_found_by_a_get_for_a_while(make: Make) -> None:
    google = make(unread_seconds=5)
    google.account("some-account")
    assert google.refused("GET", "iam", f"{ACCOUNTS}/{EMAIL}").message == "Unknown service account"
    assert google.refused("POST", "iam", ACCOUNTS, {"accountId": "some-account"}).status == 409
    google.now += 5
    assert google.get("iam", f"{ACCOUNTS}/{EMAIL}")["email"] == EMAIL


def test_a_deleted_account_is_missing_and_the_next_one_is_another(google: Google) -> None:
    first = google.post("iam", ACCOUNTS, {"accountId": "some-account"})
    google.delete("iam", f"{ACCOUNTS}/{EMAIL}")
    assert google.refused("GET", "iam", f"{ACCOUNTS}/{EMAIL}").status == 404
    assert google.refused("DELETE", "iam", f"{ACCOUNTS}/{EMAIL}").status == 404
    second = google.post("iam", ACCOUNTS, {"accountId": "some-account"})
    assert first["uniqueId"] != second["uniqueId"]


def test_the_token_of_a_deleted_account_is_no_longer_valid(google: Google) -> None:
    google.account("some-account")
    google.allow(f"serviceAccount:{EMAIL}", "roles/browser")
    assert google.get("cloudresourcemanager", f"v3/{NAME}", caller=EMAIL)["state"] == "ACTIVE"
    google.delete("iam", f"{ACCOUNTS}/{EMAIL}")
    assert google.refused("GET", "cloudresourcemanager", f"v3/{NAME}", caller=EMAIL).status == 401


def test_the_account_of_a_service_is_not_known_right_after_its_api_was_enabled(make: Make) -> None:
    google = make(enabled=EVERY_API - {"pubsub.googleapis.com"}, unknown_agent_seconds=60)
    google.post("serviceusage", f"v1/{NAME}/services:batchEnable", {"serviceIds": ["pubsub.googleapis.com"]})
    google.get("serviceusage", f"v1/{NAME}/services")
    google.account("some-account")
    number = google.get("cloudresourcemanager", f"v3/{NAME}")["name"].rpartition("/")[2]
    agent = f"service-{number}@gcp-sa-pubsub.iam.gserviceaccount.com"
    binding = {"role": "roles/iam.serviceAccountUser", "members": [f"serviceAccount:{agent}"]}
    asked = ("POST", "iam", f"{ACCOUNTS}/{EMAIL}:setIamPolicy", {"policy": {"bindings": [binding]}})
    assert google.refused(*asked).message == f"Service account {agent} does not exist."
    google.now += 61
    assert google.call("iam", "POST", asked[2], asked[3])["bindings"] == [binding]


def test_a_patch_changes_what_its_mask_names(google: Google) -> None:
    google.account("some-account")
    body = {"serviceAccount": {"description": "new", "displayName": "not named"}, "updateMask": "description"}
    changed = google.patch("iam", f"{ACCOUNTS}/{EMAIL}", body)
    assert (changed["description"], "displayName" in changed) == ("new", False)


def test_no_more_accounts_than_the_quota_allows(make: Make) -> None:
    google = make(quotas={"serviceAccounts": 1})
    google.account("some-account")
    refused = google.refused("POST", "iam", ACCOUNTS, {"accountId": "one-too-many"})
    assert (refused.status, refused.code) == (429, "RESOURCE_EXHAUSTED")


def test_a_policy_of_an_account_says_who_may_act_as_it(google: Google) -> None:
    google.account("some-account")
    path, me = f"{ACCOUNTS}/{EMAIL}", f"user:{google.caller}"
    asked = ("POST", "iamcredentials", f"v1/projects/-/serviceAccounts/{EMAIL}:generateIdToken", {"audience": "a"})
    assert google.refused(*asked).status == 403
    binding = {"role": "roles/iam.serviceAccountTokenCreator", "members": [me]}
    google.post("iam", f"{path}:setIamPolicy", {"policy": {"bindings": [binding]}})
    assert google.post(*asked[1:])["token"]
