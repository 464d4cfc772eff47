"""Messages through a topic and its push subscription to a function, and its letters into a bucket."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable, Iterator

import pytest
import requests

from l3kit.clouds.ports.message_source import Route
from l3kit.errors import ProvisioningError
from l3kit.sandbox import SandboxState
from l3kit.sandbox.gcp.account import PROJECT, PUBSUB_AGENT
from l3kit.sandbox.messages.client import SandboxMessageSource
from l3kit.twin.naming import LABEL_TWIN
from tests.integration.sandbox.gcp.control.owner import LOCATION, NAME, Owner

pytestmark = pytest.mark.xdist_group("gcp-control")
SECONDS = 30.0
TAKER = """
def main(request):
    message = request.get_json()["message"]
    print("took", message["attributes"]["topic"], message["data"], flush=True)
    return ("", 204)
"""


def until(done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not done() and time.monotonic() < deadline:
        time.sleep(0.1)
    return done()


@pytest.fixture(scope="module")
def taker(google: Owner) -> str:
    """The url of a function that takes messages."""
    return google.deploy("control-taker", google.account("taker-runs"), TAKER)


@pytest.fixture
def twin(google: Owner, google_cloud: SandboxState, taker: str) -> Iterator[str]:
    """A topic of its own name, pushed to the function with letters into a bucket of that name."""
    one = f"twin-{uuid.uuid4().hex[:8]}"
    caller = google.account("taker-calls")
    google.ask("POST", "storage", "storage/v1/b", {"name": one, "location": "us-central1"}, project=PROJECT)
    policy = google.ask("GET", "storage", f"storage/v1/b/{one}/iam")
    roles = ("roles/storage.objectCreator", "roles/storage.legacyBucketReader")
    more = [{"role": role, "members": [f"serviceAccount:{PUBSUB_AGENT}"]} for role in roles]
    google.ask("PUT", "storage", f"storage/v1/b/{one}/iam", {**policy, "bindings": [*policy["bindings"], *more]})
    for topic in (one, f"{one}-letters"):
        google.ask("PUT", "pubsub", f"v1/{NAME}/topics/{topic}", {"labels": {LABEL_TWIN: one}})
    stored = {"topic": f"{NAME}/topics/{one}-letters", "cloudStorageConfig": {"bucket": one, "textConfig": {}}}
    google.ask("PUT", "pubsub", f"v1/{NAME}/subscriptions/{one}-letters", stored)
    pushed = {
        "topic": f"{NAME}/topics/{one}",
        "labels": {LABEL_TWIN: one},
        "pushConfig": {"pushEndpoint": f"{taker}/", "oidcToken": {"serviceAccountEmail": caller, "audience": taker}},
        "deadLetterPolicy": {"deadLetterTopic": f"{NAME}/topics/{one}-letters", "maxDeliveryAttempts": 5},
    }
    google.ask("PUT", "pubsub", f"v1/{NAME}/subscriptions/{one}", pushed)
    yield one
    for kind, name in (("subscriptions", one), ("subscriptions", f"{one}-letters"), ("topics", one)):
        google.ask("DELETE", "pubsub", f"v1/{NAME}/{kind}/{name}")


def publish(google: Owner, twin: str, text: str) -> None:
    data = base64.b64encode(text.encode()).decode()
    message = {"data": data, "attributes": {"topic": f"{twin}/device/telemetry"}}
    google.ask("POST", "pubsub", f"v1/{NAME}/topics/{twin}:publish", {"messages": [message]})


def log(google: Owner) -> list[str]:
    asked = {"resourceNames": [NAME], "filter": 'resource.labels.service_name="control-taker"', "pageSize": 1000}
    return [one["textPayload"] for one in google.ask("POST", "logging", "v2/entries:list", asked).get("entries", ())]


def test_a_message_reaches_the_function_as_the_subscriptions_account(google: Owner, twin: str) -> None:
    google.allow(
        "run",
        f"v2/{LOCATION}/services/control-taker",
        f"taker-calls@{PROJECT}.iam.gserviceaccount.com",
        "roles/run.invoker",
    )
    publish(google, twin, "21")
    assert until(lambda: f"took {twin}/device/telemetry MjE=" in log(google))
    path = f"v2/{LOCATION}/services/control-taker"
    google.ask("POST", "run", f"{path}:setIamPolicy", {"policy": {"bindings": []}})


def test_what_the_account_may_not_deliver_is_kept_by_pubsub_itself(
    google: Owner, google_cloud: SandboxState, twin: str
) -> None:
    publish(google, twin, "undelivered")
    objects = f"{google_cloud.endpoints['storage']}/storage/v1/b/{twin}/o"
    owner = {"Authorization": f"Bearer {google.token}"}

    def letters() -> list[str]:
        return [one["name"] for one in requests.get(objects, headers=owner, timeout=30).json().get("items", ())]

    assert until(lambda: bool(letters()))
    assert letters()[0].startswith(f"pubsub/{twin}/")


def test_the_sandboxs_admin_api_sets_no_route(google_cloud: SandboxState) -> None:
    source = SandboxMessageSource(google_cloud.gateway, "gcp")
    with pytest.raises(ProvisioningError, match="are not set here"):
        source.create("admins-route", Route("", "t/+/telemetry", "nobody"))
    assert source.get("admins-route") is None
