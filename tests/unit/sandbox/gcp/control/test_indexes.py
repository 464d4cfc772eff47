"""Firestore indexes, index exemptions and time to live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.google_plane import NAME, Google

Make = Callable[..., Google]
DATABASE = f"v1/{NAME}/databases/some-data"
GROUP = f"{DATABASE}/collectionGroups/items"
NEWEST_FIRST = {"queryScope": "COLLECTION", "fields": [{"fieldPath": "__name__", "order": "DESCENDING"}]}
TWO = {
    "queryScope": "COLLECTION",
    "fields": [{"fieldPath": "a", "order": "ASCENDING"}, {"fieldPath": "b", "order": "DESCENDING"}],
}


@pytest.fixture
def google(make: Make) -> Google:
    made = make()
    made.database("some-data")
    return made


def test_an_index_is_being_created_until_its_operation_ends(make: Make) -> None:
    google = make(operation_seconds={"": 60})
    google.post(
        "firestore", f"v1/{NAME}/databases", {"type": "FIRESTORE_NATIVE", "locationId": "nam5"}, databaseId="some-data"
    )
    google.now += 60
    begun = google.post("firestore", f"{GROUP}/indexes", NEWEST_FIRST)
    assert google.get("firestore", f"{GROUP}/indexes")["indexes"][0]["state"] == "CREATING"
    google.now += 60
    assert google.ended("firestore", "v1", begun)["response"]["state"] == "READY"
    assert google.get("firestore", f"{GROUP}/indexes")["indexes"][0]["state"] == "READY"


def test_the_documents_name_is_the_last_field_of_an_index(google: Google) -> None:
    google.post("firestore", f"{GROUP}/indexes", TWO)
    (index,) = google.get("firestore", f"{GROUP}/indexes")["indexes"]
    assert index["fields"] == [*TWO["fields"], {"fieldPath": "__name__", "order": "DESCENDING"}]
    assert google.get("firestore", f"v1/{index['name']}") == index


def test_an_index_that_is_there_is_not_made_again(google: Google) -> None:
    google.post("firestore", f"{GROUP}/indexes", TWO)
    refused = google.refused("POST", "firestore", f"{GROUP}/indexes", TWO)
    assert (refused.status, refused.message) == (409, "index already exists")
    google.post("firestore", f"{GROUP}/indexes", {**TWO, "queryScope": "COLLECTION_GROUP"})


def test_a_lone_field_needs_no_index_but_the_documents_name_can_have_one(google: Google) -> None:
    lone = {"queryScope": "COLLECTION", "fields": [{"fieldPath": "a", "order": "ASCENDING"}]}
    assert google.refused("POST", "firestore", f"{GROUP}/indexes", lone).status == 400
    google.post("firestore", f"{GROUP}/indexes", NEWEST_FIRST)
    assert google.get("firestore", f"{GROUP}/indexes")["indexes"][0]["fields"] == NEWEST_FIRST["fields"]


def test_a_deleted_index_is_gone(google: Google) -> None:
    google.post("firestore", f"{GROUP}/indexes", TWO)
    (index,) = google.get("firestore", f"{GROUP}/indexes")["indexes"]
    google.delete("firestore", f"v1/{index['name']}")
    assert google.refused("DELETE", "firestore", f"v1/{index['name']}").status == 404
    assert google.get("firestore", f"{GROUP}/indexes") == {}


def field(google: Google, path: str, group: str = GROUP) -> Any:
    return google.get("firestore", f"{group}/fields/{path}")


def test_a_field_inherits_its_indexes_until_it_has_its_own(google: Google) -> None:
    inherited = field(google, "a")["indexConfig"]
    assert (inherited["usesAncestorConfig"], len(inherited["indexes"])) == (True, 3)
    google.patch("firestore", f"{GROUP}/fields/*", {"indexConfig": {"indexes": []}}, updateMask="indexConfig")
    assert "usesAncestorConfig" not in field(google, "*")["indexConfig"]
    assert not field(google, "*")["indexConfig"].get("indexes")
    google.patch("firestore", f"{GROUP}/fields/*", {}, updateMask="indexConfig")
    assert field(google, "*")["indexConfig"]["usesAncestorConfig"]


def test_a_field_can_have_a_time_to_live(google: Google) -> None:
    google.patch("firestore", f"{GROUP}/fields/expires_at", {"ttlConfig": {}}, updateMask="ttlConfig")
    assert field(google, "expires_at")["ttlConfig"] == {"state": "ACTIVE"}
    assert field(google, "expires_at")["indexConfig"]["usesAncestorConfig"]
    listed = google.get("firestore", f"{DATABASE}/collectionGroups/-/fields", filter="ttlConfig:*")["fields"]
    assert [one["name"].rpartition("/")[2] for one in listed] == ["expires_at"]
    google.patch("firestore", f"{GROUP}/fields/expires_at", {}, updateMask="ttlConfig")
    assert "ttlConfig" not in field(google, "expires_at")


def test_everything_of_a_deleted_database_is_gone(google: Google) -> None:
    google.post("firestore", f"{GROUP}/indexes", TWO)
    google.patch("firestore", f"{GROUP}/fields/expires_at", {"ttlConfig": {}}, updateMask="ttlConfig")
    google.delete("firestore", DATABASE)
    google.database("some-data")
    assert google.get("firestore", f"{GROUP}/indexes") == {}
    assert "ttlConfig" not in field(google, "expires_at")


def test_nothing_is_in_a_database_that_is_not_there(google: Google) -> None:
    other = GROUP.replace("some-data", "other-data")
    assert google.refused("POST", "firestore", f"{other}/indexes", TWO).status == 404
    assert google.refused("GET", "firestore", f"{other}/fields/a").status == 404
