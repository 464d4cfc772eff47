"""Long-running operations: begun, running, and at their end."""

from __future__ import annotations

from collections.abc import Callable

from l3kit.sandbox.gcp.control.settings import SLOW
from tests.support.google_plane import NAME, Google

Make = Callable[..., Google]
BODY = {"type": "FIRESTORE_NATIVE", "locationId": "us-central1"}
DATABASES = f"v1/{NAME}/databases"


def test_an_operation_is_not_done_in_the_answer_that_begins_it(google: Google) -> None:
    begun = google.post("firestore", DATABASES, BODY, databaseId="some-data")
    assert ("done" in begun, begun["metadata"]["@type"].rpartition(".")[2]) == (False, "CreateDatabaseMetadata")
    ended = google.ended("firestore", "v1", begun)
    assert (ended["done"], ended["response"]["name"]) == (True, f"{NAME}/databases/some-data")


def test_an_operation_takes_its_time_and_its_effect_comes_at_its_end(make: Make) -> None:
    google = make(operation_seconds={"firestore": 30, "": 5})
    begun = google.post("firestore", DATABASES, BODY, databaseId="some-data")
    google.now += 29
    assert "done" not in google.ended("firestore", "v1", begun)
    assert google.refused("GET", "firestore", f"{DATABASES}/some-data").status == 404
    assert google.effects.databases == set()
    google.now += 1
    assert google.ended("firestore", "v1", begun)["done"]
    assert google.effects.databases == {"some-data"}


def test_its_effect_comes_even_if_nobody_looks_at_the_operation(make: Make) -> None:
    google = make(operation_seconds={"": 30})
    google.post("firestore", DATABASES, BODY, databaseId="some-data")
    google.now += 30
    assert google.get("firestore", f"{DATABASES}/some-data")["locationId"] == "us-central1"


def test_an_unknown_operation_is_missing(google: Google) -> None:
    google.database("some-data")
    assert google.refused("GET", "firestore", f"{DATABASES}/some-data/operations/none").status == 404


def test_the_operations_of_a_database_are_listed(google: Google) -> None:
    begun = google.post("firestore", DATABASES, BODY, databaseId="some-data")
    listed = google.get("firestore", f"{DATABASES}/some-data/operations")["operations"]
    assert [one["name"] for one in listed] == [begun["name"]]


def test_slow_times_are_those_that_are_reported() -> None:
    assert SLOW.operation_time("cloudfunctions") > SLOW.operation_time("run") > 0
    assert SLOW.unknown_account_seconds >= 60
