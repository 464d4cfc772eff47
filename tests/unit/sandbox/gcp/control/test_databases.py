"""Firestore databases: made, changed, deleted, and their ids at rest."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.google_plane import NAME, Google

Make = Callable[..., Google]
DATABASES = f"v1/{NAME}/databases"
PATH = f"{DATABASES}/some-data"
BODY = {"type": "FIRESTORE_NATIVE", "locationId": "us-central1"}


def test_a_database_is_shown_as_google_completes_it(google: Google) -> None:
    google.database("some-data")
    shown = google.get("firestore", PATH)
    assert (shown["name"], shown["type"], shown["locationId"]) == (PATH.removeprefix("v1/"), *BODY.values())
    assert (shown["concurrencyMode"], shown["deleteProtectionState"], shown["versionRetentionPeriod"]) == (
        "PESSIMISTIC",
        "DELETE_PROTECTION_DISABLED",
        "3600s",
    )
    assert google.get("firestore", DATABASES)["databases"] == [shown]


def test_the_first_database_is_the_free_one(google: Google) -> None:
    google.database("some-data")
    google.database("more-data")
    free = [one.get("freeTier") for one in google.get("firestore", DATABASES)["databases"]]
    assert sorted(free, key=str) == [None, True]


def test_numbers_of_enums_are_taken_as_googles_clients_send_them(google: Google) -> None:
    google.post("firestore", DATABASES, {**BODY, "type": 1}, databaseId="some-data")
    assert google.get("firestore", PATH)["type"] == "FIRESTORE_NATIVE"


def test_a_database_that_is_there_is_not_made_again(google: Google) -> None:
    google.database("some-data")
    refused = google.refused("POST", "firestore", DATABASES, BODY, databaseId="some-data")
    assert (refused.status, refused.code) == (409, "ALREADY_EXISTS")


@pytest.mark.parametrize(
    ("one", "body"),
    [
        ("abc", BODY),
        ("Upper", BODY),
        ("x" * 64, BODY),
        ("f47ac10b-58cc-4372-a567-0e02b2c3d479", BODY),
        ("some-data", {**BODY, "locationId": "the moon"}),
        ("some-data", {"locationId": "us-central1"}),
    ],
)
def test_a_database_that_google_refuses_is_refused(google: Google, one: str, body: dict[str, object]) -> None:
    assert google.refused("POST", "firestore", DATABASES, body, databaseId=one).code == "INVALID_ARGUMENT"


def test_a_get_right_after_the_operation_may_not_find_it(make: Make) -> None:
    google = make(unread_seconds=5)
    google.database("some-data")
    assert google.refused("GET", "firestore", PATH).status == 404
    google.now += 5
    assert google.get("firestore", PATH)["name"]


def test_the_id_of_a_deleted_database_rests(make: Make) -> None:
    google = make(resting_seconds=300)
    google.database("some-data")
    ended = google.ended("firestore", "v1", google.delete("firestore", PATH))
    assert (ended["response"]["previousId"], google.effects.databases) == ("some-data", set())
    refused = google.refused("POST", "firestore", DATABASES, BODY, databaseId="some-data")
    assert (refused.status, "Please retry in 301 seconds" in refused.message) == (400, True)
    google.database("other-data")
    google.now += 300
    google.database("some-data")


def test_a_protected_database_is_not_deleted(google: Google) -> None:
    google.database("some-data")
    on, off = ({"deleteProtectionState": f"DELETE_PROTECTION_{state}"} for state in ("ENABLED", "DISABLED"))
    google.patch("firestore", PATH, on, updateMask="deleteProtectionState")
    assert google.refused("DELETE", "firestore", PATH).code == "FAILED_PRECONDITION"
    google.patch("firestore", PATH, off, updateMask="delete_protection_state")
    assert google.ended("firestore", "v1", google.delete("firestore", PATH))["done"]


def test_an_old_etag_is_refused(google: Google) -> None:
    google.database("some-data")
    etag = google.get("firestore", PATH)["etag"]
    body = {"pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_ENABLED"}
    google.patch("firestore", PATH, body, updateMask="pointInTimeRecoveryEnablement")
    assert google.get("firestore", PATH)["versionRetentionPeriod"] == "604800s"
    assert google.refused("DELETE", "firestore", PATH, etag=etag).code == "ABORTED"
    google.delete("firestore", PATH, etag=google.get("firestore", PATH)["etag"].rstrip("="))


def test_the_location_of_a_database_is_final(google: Google) -> None:
    google.database("some-data")
    refused = google.refused("PATCH", "firestore", PATH, {"locationId": "nam5"}, updateMask="locationId")
    assert (refused.status, google.get("firestore", PATH)["locationId"]) == (400, "us-central1")


def test_two_changes_at_once_are_one_too_many(make: Make) -> None:
    google = make(operation_seconds={"": 10})
    google.post("firestore", DATABASES, BODY, databaseId="some-data")
    google.now += 10
    google.delete("firestore", PATH)
    assert google.refused("DELETE", "firestore", PATH).code == "ABORTED"


def test_no_more_databases_than_the_quota_allows(make: Make) -> None:
    google = make(quotas={"databases": 1})
    google.database("some-data")
    assert google.refused("POST", "firestore", DATABASES, BODY, databaseId="one-more").status == 429
