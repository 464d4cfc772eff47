"""Names on Google Cloud that somebody else has, and names that rest after a deletion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from l3kit.clouds.gcp.control.buckets import Bucket
from l3kit.clouds.gcp.control.jobs import Job
from l3kit.clouds.gcp.control.place import FUNCTIONS, IAM
from l3kit.clouds.gcp.control.roles import CustomRole
from l3kit.clouds.gcp.control.topics import PubSub
from l3kit.errors import PermissionMissingError, ProvisioningError
from l3kit.sandbox.gcp.control.settings import PlaneSettings
from l3kit.twin.naming import LABEL_TWIN
from tests.support.control_plane import PROJECT, REGION
from tests.support.google_plane import EVERY_API
from tests.support.google_twin import GoogleTwin

Make = Callable[..., GoogleTwin]
DAY = 86_400.0
NOT_OURS = "exists without this twin's ownership tag"


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[GoogleTwin] = []

    def one(settings: PlaneSettings | None, **more: bool) -> GoogleTwin:
        made.append(GoogleTwin(tmp_path, settings, **more))
        return made[-1]

    yield one
    for each in made:
        each.close()


def test_the_bucket_of_a_stranger_is_named_and_left(make: Make) -> None:
    probe = make(None)
    name = probe.cloud.place.names("plant").store("cold")
    twin = make(PlaneSettings(enabled=EVERY_API, taken_buckets=frozenset({name})))
    twin.let_owner_empty_buckets()
    with pytest.raises(PermissionMissingError, match=f"bucket {name}: exists, but .* it is somebody else's"):
        twin.deploy()


def test_a_bucket_of_the_project_without_our_label_stays_as_it_is(make: Make) -> None:
    twin = make(None)
    place, name = twin.cloud.place, twin.cloud.place.names("plant").store("archive")
    Bucket(place, name, "other", "STANDARD").create()
    with pytest.raises(ProvisioningError, match=NOT_OURS):
        twin.deploy()
    twin.destroy()
    assert twin.inventory()["buckets"] == [name]


def test_an_account_a_role_and_a_job_of_a_stranger_are_kept(make: Make) -> None:
    twin = make(None)
    twin.deploy()
    place = twin.cloud.place
    twin.destroy()
    account = {"accountId": "plant-hot-reader", "serviceAccount": {"description": "by hand"}}
    place.control.post(IAM, f"v1/projects/{PROJECT}/serviceAccounts", account)
    CustomRole(place, "reporting", "other", "Reports", ("storage.objects.list",)).create()
    email = place.email("plant-hot-reader")
    Job(place, "plant-hot-to-cold-mover", "other", "0 0 * * *", lambda: "https://x.example", email, 60).create()
    with pytest.raises(ProvisioningError, match=NOT_OURS):
        twin.deploy()
    twin.destroy()
    left = {kind: names for kind, names in twin.inventory().items() if names}
    assert {kind: len(names) for kind, names in left.items()} == {"accounts": 1, "roles": 1, "jobs": 1}


def test_a_topic_of_a_stranger_is_no_route_of_ours(make: Make) -> None:
    twin = make(None)
    twin.cloud.control.put("pubsub.googleapis.com", f"v1/projects/{PROJECT}/topics/plant-telemetry", {})
    found = PubSub(twin.cloud.place).get("plant-telemetry")
    assert found is not None
    assert found.route.owner == ""


def test_the_topic_of_a_stranger_stops_apply_and_stays(make: Make) -> None:
    twin = make(None, chain=True)
    topic = f"v1/projects/{PROJECT}/topics/plant-telemetry"
    twin.cloud.control.put("pubsub.googleapis.com", topic, {})
    with pytest.raises(ProvisioningError, match=f"plant-telemetry: {NOT_OURS}"):
        twin.deploy()
    twin.destroy()
    assert twin.inventory()["topics"] == [topic.removeprefix("v1/")]
    twin.cloud.control.delete("pubsub.googleapis.com", topic)
    twin.deploy()
    assert twin.plan().changes == ()


def test_a_function_that_is_another_twins_by_its_label_is_kept(make: Make) -> None:
    twin = make(None)
    twin.deploy()
    path = f"v2/projects/{PROJECT}/locations/{REGION}/functions/plant-hot-reader"
    labels = {"labels": {LABEL_TWIN: "other"}}
    done = twin.cloud.control.patch(FUNCTIONS, path, labels, {"updateMask": "labels"})
    twin.cloud.control.wait(FUNCTIONS, done, "labels", 60)
    with pytest.raises(ProvisioningError, match=f"function plant-hot-reader: {NOT_OURS}"):
        twin.deploy()
    twin.destroy()
    assert [name.rpartition("/")[2] for name in twin.inventory()["functions"]] == ["plant-hot-reader"]


def test_deleted_role_is_undeleted(make: Make) -> None:
    twin = make(None)
    twin.deploy()
    twin.destroy()
    twin.cloud.time.sleep(6 * DAY)
    twin.cloud.http.forget()
    twin.deploy()
    undeleted = [one for one in twin.cloud.http.changes if one.endswith(":undelete")]
    assert len(undeleted) == len(twin.inventory()["roles"])
    assert twin.plan().changes == ()


def test_a_role_past_undeleting_is_told_with_the_remedy(make: Make) -> None:
    twin = make(None)
    twin.deploy()
    twin.destroy()
    twin.cloud.time.sleep(10 * DAY)
    with pytest.raises(ProvisioningError, match="was deleted more than 7 days ago"):
        twin.deploy()
    twin.cloud.time.sleep(60 * DAY)
    twin.deploy()
    assert twin.plan().changes == ()


def test_identity_made_anew_replaces_assignment(make: Make) -> None:
    twin = make(None)
    twin.deploy()
    email = twin.cloud.place.email("plant-hot-reader")
    twin.cloud.control.delete(IAM, f"v1/projects/{PROJECT}/serviceAccounts/{email}")
    assert any(member.startswith(f"deleted:serviceAccount:{email}") for member in twin.inventory()["members"])
    twin.deploy()
    members = twin.inventory()["members"]
    assert not any(member.startswith("deleted:") for member in members)
    assert any(member.startswith(f"serviceAccount:{email} ") for member in members)
    assert twin.plan().changes == ()
