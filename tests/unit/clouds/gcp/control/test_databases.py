"""The twin's Firestore database: with its index and the settings of its collections, completed after any end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from l3kit.clouds.gcp.control.databases import DESCENDING, NO_ENTRIES, OWNER, Database
from l3kit.clouds.gcp.control.place import FIRESTORE
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.errors import ProvisioningError
from tests.support.control_plane import PROJECT, Cloud, Fault, Killed

PATH = f"v1/projects/{PROJECT}/databases/l3kit-plant"


def database(cloud: Cloud, protected: bool | None = None, *, twin: str = "plant") -> Database:
    return Database(cloud.place, "l3kit-plant", twin, "plant-journal", protected)


def test_a_database_is_made_with_all_that_its_collections_need(cloud: Cloud) -> None:
    one = database(cloud)
    assert not one.compare().exists
    one.create()
    found = one.compare()
    assert (found.exists, found.owned, found.differences, found.protected) == (True, True, (), False)
    index = cloud.control.get(FIRESTORE, f"{PATH}/collectionGroups/items/indexes")["indexes"][0]
    assert index["fields"] == [{"fieldPath": "__name__", "order": "DESCENDING"}]
    items = cloud.control.get(FIRESTORE, f"{PATH}/collectionGroups/items/fields/*")["indexConfig"]
    assert not items.get("indexes")
    assert "ttlConfig" in cloud.control.get(FIRESTORE, f"{PATH}/collectionGroups/plant-journal/fields/expires_at")


def test_what_a_killed_process_left_out_is_told_and_completed(cloud: Cloud) -> None:
    parent = f"v1/projects/{PROJECT}/databases"
    wanted = {"type": "FIRESTORE_NATIVE", "locationId": cloud.place.region}
    cloud.control.post(FIRESTORE, parent, wanted, {"databaseId": "l3kit-plant"})
    one = database(cloud)
    with pytest.raises(AlreadyThereError):
        one.create()
    expiry = "expiry of records in plant-journal"
    assert one.compare().differences == (NO_ENTRIES, DESCENDING, expiry, OWNER)
    one.update()
    assert one.compare().differences == ()


@pytest.mark.parametrize("region", ["europe-west1", "US-CENTRAL1"])
def test_a_location_cannot_be_changed_and_its_spelling_does_not_count(cloud: Cloud, region: str) -> None:
    database(cloud).create()
    elsewhere = replace(database(cloud), place=replace(cloud.place, region=region))
    fault = elsewhere.compare().fault
    assert (fault is None) == (region == "US-CENTRAL1")
    assert fault is None or "locationId is us-central1, not europe-west1" in str(fault)


def test_protection_is_set_changed_and_taken_away_by_a_removal(cloud: Cloud) -> None:
    protected = database(cloud, protected=True)
    protected.create()
    assert protected.compare().protected
    assert database(cloud).compare().protected
    open_again = database(cloud, protected=False)
    assert len(open_again.compare().differences) == 1
    open_again.update()
    assert open_again.compare().differences == ()
    protected.update()
    protected.delete()
    protected.delete()
    assert not protected.compare().exists


def test_a_database_of_another_twin_is_neither_changed_nor_deleted(cloud: Cloud) -> None:
    database(cloud, twin="other").create()
    one = database(cloud, protected=True)
    found = one.compare()
    assert (found.exists, found.owned, found.differences) == (True, False, ())
    assert "is of the twin other, as its document l3kit-owners/database says" in str(found.stranger)
    for change in (one.update, one.delete):
        with pytest.raises(ProvisioningError, match="of the twin other"):
            change()
    assert database(cloud, twin="other").compare().differences == ()


def test_a_database_in_datastore_mode_is_a_strangers(cloud: Cloud) -> None:
    made = {"type": "DATASTORE_MODE", "locationId": cloud.place.region}
    cloud.control.post(FIRESTORE, f"v1/projects/{PROJECT}/databases", made, {"databaseId": "l3kit-plant"})
    found = database(cloud).compare()
    assert not found.owned
    assert "DATASTORE_MODE" in str(found.stranger)
    with pytest.raises(ProvisioningError, match="DATASTORE_MODE"):
        database(cloud).delete()


@pytest.mark.parametrize("kind", ["before", "after"])
def test_a_process_killed_at_the_note_leaves_what_the_next_one_completes(cloud: Cloud, kind: str) -> None:
    cloud.http.fault = Fault(1, kind)  # the first change makes the database
    with pytest.raises(Killed):
        database(cloud).create()
    assert cloud.http.changes[1].endswith("documents/l3kit-owners/database")
    found = database(cloud).compare()
    assert (found.owned, OWNER in found.differences) == (True, kind == "before")
    database(cloud).update()
    assert database(cloud).compare().differences == ()


def test_comparing_a_finished_database_reads_the_note_once_and_lists_nothing(cloud: Cloud) -> None:
    database(cloud).create()
    cloud.http.forget()
    database(cloud).compare()
    assert [one for one in cloud.http.asked if "/documents" in one] == [
        f"GET {FIRESTORE}/{PATH}/documents/l3kit-owners/database"
    ]
