"""Databases and buckets of the control plane take calls of those alone whom its policies name."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator

import grpc
import pytest
import requests
from google.api_core.exceptions import NotFound, PermissionDenied, Unauthenticated
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from l3kit.sandbox import SandboxState
from l3kit.sandbox.gcp.account import PROJECT
from l3kit.sandbox.gcp.identity import OPERATOR_FILE
from l3kit.sandbox.state import Home
from tests.integration.sandbox.gcp.control.owner import LOCATION, NAME, Owner

pytestmark = pytest.mark.xdist_group("gcp-control")
BUCKET, DATABASE = "guarded-by-the-plane", "guarded"
DOCUMENT = f"projects/{PROJECT}/databases/{DATABASE}/documents/c/x"
READER = f"""
import json, os, urllib.error, urllib.request


def get(url, headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def main(request):
    server = "http://" + os.environ["GCE_METADATA_HOST"] + "/computeMetadata/v1/instance/service-accounts/default/"
    told = json.loads(get(server + "token", {{"Metadata-Flavor": "Google"}})[1])
    email = get(server + "email", {{"Metadata-Flavor": "Google"}})[1]
    url = os.environ["STORAGE_EMULATOR_HOST"] + "/storage/v1/b/{BUCKET}/o"
    read = get(url, {{"Authorization": "Bearer " + told["access_token"]}})
    return {{"email": email, "bare": get(url, {{}})[0], "read": read[0], "said": read[1]}}
"""

Get = Callable[[str], object]


@pytest.fixture
def bucket(google: Owner, all_clouds: SandboxState) -> Iterator[str]:
    google.ask("POST", "storage", "storage/v1/b", {"name": BUCKET, "location": "us-central1"}, project=PROJECT)
    yield f"{all_clouds.endpoints['storage']}/storage/v1/b/{BUCKET}/o"
    google.ask("DELETE", "storage", f"storage/v1/b/{BUCKET}")


@pytest.fixture
def get(google: Owner, all_clouds: SandboxState) -> Iterator[Get]:
    """Reads a document of a database of the control plane, with a token."""
    body = {"type": "FIRESTORE_NATIVE", "locationId": "us-central1"}
    path = f"v1/{NAME}/databases"
    google.wait("firestore", "v1", google.ask("POST", "firestore", path, body, databaseId=DATABASE))
    channel = grpc.insecure_channel(all_clouds.endpoints["firestore"])
    client = FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))

    def read(token: str) -> object:
        metadata = [("authorization", f"Bearer {token}")] if token else []
        return client.get_document({"name": DOCUMENT}, retry=None, timeout=60, metadata=metadata)

    yield read
    channel.close()
    there = google.send("GET", "firestore", f"{path}/{DATABASE}")
    if there.status_code == 200:
        google.wait("firestore", "v1", google.ask("DELETE", "firestore", f"{path}/{DATABASE}"))


def test_a_database_is_read_by_whom_a_role_on_it_names_until_it_is_gone(google: Owner, get: Get) -> None:
    account = google.account("guarded-reads")
    token = google.access_token(account)
    with pytest.raises(Unauthenticated):
        get("")
    with pytest.raises(PermissionDenied):
        get(token)
    on = {"title": "database", "expression": f'resource.name == "projects/{PROJECT}/databases/{DATABASE}"'}
    google.allow("cloudresourcemanager", f"v3/{NAME}", account, "roles/datastore.viewer", **on)
    with pytest.raises(NotFound, match="Document not found"):
        get(token)
    google.wait("firestore", "v1", google.ask("DELETE", "firestore", f"v1/{NAME}/databases/{DATABASE}"))
    with pytest.raises(NotFound, match=f"The database {DATABASE} does not exist for project {PROJECT}"):
        get(token)


def test_a_function_reads_a_bucket_as_its_account_and_the_operator_as_its_owner(google: Owner, bucket: str) -> None:
    account, caller = google.account("guarded-runs"), google.account("guarded-calls")
    url = google.deploy("control-guarded", account, READER)
    google.allow("run", f"v2/{LOCATION}/services/control-guarded", caller, "roles/run.invoker")
    headers = {"Authorization": f"Bearer {google.identity_token(caller, url)}"}

    def asked() -> dict[str, object]:
        answer = requests.post(f"{url}/", headers=headers, timeout=60)
        return dict(json.loads(answer.text))

    first = asked()
    assert (first["email"], first["bare"], first["read"]) == (account, 401, 403)
    assert f"{account} does not have storage.objects.list access" in str(first["said"])
    on = {"title": "bucket", "expression": f'resource.name.startsWith("projects/_/buckets/{BUCKET}")'}
    google.allow("cloudresourcemanager", f"v3/{NAME}", account, "roles/storage.objectViewer", **on)
    assert asked()["read"] == 200
    assert requests.get(bucket, timeout=60).status_code == 401
    owner = {"Authorization": f"Bearer {google.token}"}
    assert requests.get(bucket, headers=owner, timeout=60).status_code == 200


def test_no_token_is_in_a_log_or_the_state_and_the_operators_is_its_users_alone(
    google: Owner, all_clouds: SandboxState, get: Get
) -> None:
    with pytest.raises(NotFound):
        get(google.token)
    home = Home(all_clouds.home)
    kept = home.cloud("gcp") / OPERATOR_FILE
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == (google.token, 0o600)
    for file in (home.state_file, *(path for path in home.logs.rglob("*") if path.is_file())):
        assert b"ya29." not in file.read_bytes(), file.name
