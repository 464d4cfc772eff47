"""Destroy on Google Cloud: everything of the twin goes, nothing of anybody else, and what stays is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from l3kit.clouds.gcp.control.accounts import ServiceAccount
from l3kit.clouds.gcp.control.place import RUN, SCHEDULER, STORAGE
from l3kit.clouds.gcp.control.policies import Held, PolicyPlace, bucket_policy, change, project_policy, with_held
from l3kit.clouds.gcp.control.provisioner import LEFT
from l3kit.sandbox.gcp.storage.bodies import Body
from l3kit.sandbox.gcp.storage.objects import StoredObject
from tests.support.control_plane import PROJECT, REGION
from tests.support.google_twin import GoogleTwin


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[GoogleTwin]:
    made = GoogleTwin(tmp_path, chain=True)
    made.deploy()
    yield made
    made.close()


def give(twin: GoogleTwin, on: PolicyPlace, account: str, role: str) -> str:
    member = f"serviceAccount:{twin.cloud.place.email(account)}"
    change(twin.cloud.place, on, lambda policy: with_held(policy, member, [Held(role)]))
    return f"{member} {role}"


def test_inventory_empty(twin: GoogleTwin) -> None:
    result = twin.destroy()
    assert {kind: names for kind, names in twin.inventory().items() if names} == {}
    assert result.kept == ()
    assert twin.plan_destroy().steps == ()


def test_without_data_the_stores_stay_and_a_deployment_continues_with_them(twin: GoogleTwin) -> None:
    result = twin.destroy(data=False)
    assert {step.kind for step in result.kept} == {"bucket", "database"}
    left = {kind for kind, names in twin.inventory().items() if names}
    assert left == {"databases", "buckets"}
    assert {step.kind for step in twin.deploy().done}.isdisjoint({"bucket", "database"})
    assert twin.plan().changes == ()


def test_assignments_before_identities(twin: GoogleTwin) -> None:
    kinds = [step.kind for step in twin.destroy().done]
    assert last(kinds, "function") < kinds.index("permissions")
    assert last(kinds, "permissions") < kinds.index("service account")
    assert last(kinds, "service account") < kinds.index("role")
    assert last(kinds, "role") < kinds.index("bucket")


def last(kinds: list[str], kind: str) -> int:
    return len(kinds) - 1 - kinds[::-1].index(kind)


def test_strangers_kept(twin: GoogleTwin) -> None:
    place = twin.cloud.place
    ServiceAccount(place, "reporter", "other", "Reports").create()
    on_project = give(twin, project_policy(place), "reporter", "roles/logging.viewer")
    bucket = place.names("plant").store("cold")
    on_bucket = give(twin, bucket_policy(place, bucket), "reporter", "roles/storage.objectViewer")
    assert twin.plan().changes == ()
    twin.destroy(data=False)
    found = twin.inventory()
    assert found["members"] == [on_project]
    assert found[f"members of {bucket}"] == [on_bucket]
    assert [name.rpartition("/")[2] for name in found["accounts"]] == [place.email("reporter")]


def test_leftovers_told(twin: GoogleTwin) -> None:
    assert LEFT in twin.plan_destroy().notes
    result = twin.destroy()
    assert result.notes == (LEFT,)
    assert LEFT in str(result)
    assert twin.destroy().notes == ()


def test_a_bucket_is_emptied_before_it_is_deleted(twin: GoogleTwin) -> None:
    store = twin.cloud.effects.store.buckets[twin.cloud.place.names("plant").store("cold")]
    for name in ("pump-1/a b.json", "_l3kit/reports/x", "pump/1/?"):
        body = Body(Path("nowhere"), 2, "", "")
        store.put(StoredObject(store.name, name, twin.cloud.effects.store.next_generation(), "COLDLINE", {}, body, 0.0))
    twin.destroy()
    assert not any(twin.inventory().values())
    assert sum(quote("?", safe="") in one for one in twin.cloud.http.changes) == 1


@pytest.mark.parametrize(
    ("service", "verb", "path", "kind"),
    [
        (SCHEDULER, "delete", f"v1/projects/{PROJECT}/locations/{REGION}/jobs/plant-hot-to-cold-mover", "schedule"),
        (SCHEDULER, "pause", f"v1/projects/{PROJECT}/locations/{REGION}/jobs/plant-hot-to-cold-mover", "schedule"),
        (RUN, "open", f"v2/projects/{PROJECT}/locations/{REGION}/services/plant-hot-reader", "function"),
        (STORAGE, "patch", "storage/v1/b/", "bucket"),
    ],
)
def test_what_somebody_changed_by_hand_is_told_and_repaired(
    twin: GoogleTwin, service: str, verb: str, path: str, kind: str
) -> None:
    control = twin.cloud.control
    if verb == "delete":
        control.delete(service, path)
    elif verb == "pause":
        control.post(service, f"{path}:pause", {})
    elif verb == "open":
        policy = {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}
        control.post(service, f"{path}:setIamPolicy", {"policy": policy})
    else:
        path += twin.cloud.place.names("plant").store("archive")
        control.patch(service, path, {"softDeletePolicy": {"retentionDurationSeconds": "604800"}})
    (step,) = twin.plan().changes
    assert step.kind == kind
    twin.deploy()
    assert twin.plan().changes == ()
