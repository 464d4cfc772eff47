"""What is somebody else's is refused and kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from l3kit.clouds.azure.control.calls import blob_client, cosmos_client
from l3kit.deploy import apply, plan, plan_destroy
from l3kit.errors import ProvisioningError
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin
from tests.integration.layouts.cloud_twins import azure_names, function_name, gcp_names, host
from tests.support.accounts import azure_of, gcp_of
from tests.support.cloud_functions import azure_zip, definition
from tests.support.google_clients import storage_client
from tests.support.google_functions import put_function

pytestmark = pytest.mark.sandbox


def others_blob_container(session: Session, twin: Twin) -> str:
    container = blob_client(azure_of(session)).get_container_client(azure_names(session, twin).store("cold"))
    container.create_container()
    container.upload_blob("theirs", b"1")
    return f"blob container {container.container_name}"


def others_database(session: Session, twin: Twin) -> str:
    from azure.cosmos import PartitionKey

    database = cosmos_client(azure_of(session)).create_database(azure_names(session, twin).database())
    container = database.create_container("l3kit-owner", PartitionKey("/id"))
    container.upsert_item({"id": "owner", "twin": "somebody-else"})
    return f"database {database.id}"


def others_unmarked_database(session: Session, twin: Twin) -> str:
    from azure.cosmos import PartitionKey

    database = cosmos_client(azure_of(session)).create_database(azure_names(session, twin).database())
    database.create_container("theirs", PartitionKey("/id")).upsert_item({"id": "1"})
    return f"database {database.id}"


def others_bucket(session: Session, twin: Twin) -> str:
    bucket = storage_client(gcp_of(session)).bucket(gcp_names(session, twin).store("cold"))
    bucket.create(location="us-central1")
    bucket.blob("theirs").upload_from_string(b"1")
    return f"bucket {bucket.name}"


def others_function(cloud: str) -> Callable[[Session, Twin], str]:
    def make(session: Session, twin: Twin) -> str:
        name = function_name(session, twin, cloud, "hot-reader")
        if cloud == "gcp":
            put_function(gcp_of(session), name, "def main(request):\n    return 'theirs'\n", owner="somebody-else")
            return f"function {name}"
        source = azure_zip("import azure.functions as func\napp = func.FunctionApp()\n")
        host(session, cloud).put(name, definition(owner="somebody-else"), source)
        return f"function {name}"

    return make


OTHERS: dict[str, tuple[str, Callable[[Session, Twin], str]]] = {
    "a blob container": ("azure", others_blob_container),
    "a database of another twin": ("azure", others_database),
    "a database that says nothing": ("azure", others_unmarked_database),
    "a function on Azure": ("azure", others_function("azure")),
    "a bucket": ("gcp", others_bucket),
    "a function on Google Cloud": ("gcp", others_function("gcp")),
}


IN_THE_SLICES = ("a database that says nothing",)
"""`make test` has the database of another twin."""


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[pytest.mark.slow] * (case in IN_THE_SLICES)) for case in OTHERS]
)
def test_what_is_somebody_elses_is_refused_and_kept(clouds: Session, make_twin: MakeTwin, case: str) -> None:
    cloud, make = OTHERS[case]
    made = make_twin(cloud, cloud, cloud)
    label = make(clouds, made)
    with pytest.raises(ProvisioningError, match=f"{label}: exists without this twin's ownership tag"):
        plan(made, clouds)
    wanted = plan_destroy(made, clouds, data=True)
    kept = [(step.action, f"{step.kind} {step.name}") for step in wanted.steps]
    assert ("keep", label) in kept
    assert not wanted.changes
    apply(wanted, clouds)
    with pytest.raises(ProvisioningError, match=f"{label}: exists without this twin's ownership tag"):
        plan(made, clouds)
