"""The note of a database's owner: written once, read before anything is changed, and never in a stranger's database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from l3kit.clouds.gcp.control.databases import Database
from l3kit.clouds.gcp.control.google_api import GoogleApi
from l3kit.clouds.gcp.control.owner_notes import NOTE, OwnerNote
from l3kit.clouds.gcp.control.place import FIRESTORE, PROJECTS
from l3kit.clouds.ports.control import Refusal
from l3kit.errors import PermissionMissingError, ProvisioningError
from tests.support.control_plane import PROJECT, Cloud, Fault, PlaneHttp

DATABASE = "l3kit-plant"
NAME = f"projects/{PROJECT}/databases/{DATABASE}"


@pytest.fixture
def note(cloud: Cloud) -> OwnerNote:
    """The note of `plant` in its database, which is made and empty."""
    wanted = {"type": "FIRESTORE_NATIVE", "locationId": cloud.place.region}
    cloud.control.post(FIRESTORE, f"v1/projects/{PROJECT}/databases", wanted, {"databaseId": DATABASE})
    return OwnerNote(cloud.place, DATABASE, "plant")


def put(cloud: Cloud, path: str, fields: Mapping[str, Any]) -> None:
    cloud.effects.document_set(f"{NAME}/documents/{path}", fields)


def test_an_empty_database_without_a_note_is_the_twins(note: OwnerNote) -> None:
    found = note.read()
    assert (found.noted, found.stranger) == (False, None)


def test_a_note_makes_it_the_twins_and_nobody_elses(note: OwnerNote) -> None:
    note.write()
    found = note.read()
    assert (found.noted, found.stranger) == (True, None)
    assert "is of the twin plant" in str(replace(note, twin_name="other").read().stranger)


def test_documents_without_a_note_are_a_strangers_with_a_way_out(cloud: Cloud, note: OwnerNote) -> None:
    put(cloud, "orders/1", {"sum": {"integerValue": "3"}})
    stranger = note.read().stranger
    assert stranger is not None
    assert (stranger.resource, stranger.cause) == (
        f"database {DATABASE}",
        f"holds documents, and none of them ({NOTE}) says that it is this twin's; it was not touched",
    )
    assert stranger.remedy == (
        f"Rename the twin; or, if it is this twin's all the same, add the document {NOTE} with the text plant in its"
        " field twin"
    )


@pytest.mark.parametrize("fields", [{}, {"twin": {"integerValue": "1"}}])
def test_a_note_that_names_no_twin_is_a_strangers(cloud: Cloud, note: OwnerNote, fields: Mapping[str, Any]) -> None:
    put(cloud, NOTE, fields)
    assert "is somebody else's" in str(note.read().stranger)


def test_a_note_whose_answer_was_lost_is_found_at_the_second_try(cloud: Cloud, note: OwnerNote) -> None:
    cloud.http.forget()
    cloud.http.fault = Fault(0, "lost")
    note.write()
    assert len(cloud.http.changes) == 2
    assert note.read().noted


def test_a_note_that_another_twin_wrote_first_stays(cloud: Cloud, note: OwnerNote) -> None:
    replace(note, twin_name="other").write()
    with pytest.raises(ProvisioningError, match="is of the twin other"):
        note.write()
    assert replace(note, twin_name="other").read().stranger is None


def test_a_database_that_does_not_take_documents_yet_is_waited_for(cloud: Cloud, note: OwnerNote) -> None:
    early = _Early(cloud)
    replace(note, place=replace(cloud.place, control=early)).write()
    assert early.left == 0
    assert note.read().noted


class _Early(GoogleApi):
    """Answers the first two writes of documents as before a new database is known everywhere."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__("https://{}".format, cloud.http, sleep=cloud.time.sleep, clock=cloud.time.clock)
        self.left = 2

    def patch(self, service: str, path: str, body: Mapping[str, Any], query: Any = None) -> dict[str, Any]:
        if self.left:
            self.left -= 1
            raise Refusal(404, "NOT_FOUND", "The database does not exist")
        return super().patch(service, path, body, query)


def test_who_may_not_read_the_note_is_told_the_role(cloud: Cloud, note: OwnerNote) -> None:
    policy = {"bindings": [{"role": "roles/datastore.indexAdmin", "members": ["user:ann@l3kit.example"]}]}
    there = cloud.control.post(PROJECTS, f"v3/projects/{PROJECT}:getIamPolicy", {})
    policy["bindings"] += there["bindings"]
    cloud.control.post(PROJECTS, f"v3/projects/{PROJECT}:setIamPolicy", {"policy": {**there, **policy}})
    http = PlaneHttp(cloud.plane, cloud.loop, "ann@l3kit.example")
    place = replace(cloud.place, control=GoogleApi("https://{}".format, http))
    one = Database(place, DATABASE, "plant", "plant-journal")
    for change in (one.compare, one.update, one.delete):
        with pytest.raises(PermissionMissingError, match=r"database l3kit-plant: .*roles/datastore\.owner on the"):
            change()
    assert cloud.effects.documents == {}
