"""Pub/Sub subscriptions: pushed, and dead letters into a bucket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.google_plane import NAME, PROJECT, Google

Make = Callable[..., Google]
TOPIC, LETTERS = f"{NAME}/topics/weather", f"{NAME}/topics/weather-letters"
PATH = f"v1/{NAME}/subscriptions/weather"
STORED = f"v1/{NAME}/subscriptions/weather-letters"
URL = "https://dispatcher-memory-uc.a.run.app/"
AGENT_ROLES = ("roles/storage.objectCreator", "roles/storage.legacyBucketReader")


@pytest.fixture
def google(make: Make) -> Google:
    made = make()
    for topic in (TOPIC, LETTERS):
        made.put("pubsub", f"v1/{topic}", {})
    return made


def pushing(email: str = "", **more: Any) -> dict[str, Any]:
    push: dict[str, Any] = {"pushEndpoint": URL}
    if email:
        push["oidcToken"] = {"serviceAccountEmail": email, "audience": URL}
    return {"topic": TOPIC, "pushConfig": push, **more}


def storing(google: Google, *roles: str) -> dict[str, Any]:
    """Make a bucket in which Pub/Sub's own account has these roles. Returns: a subscription that stores into it."""
    google.post("storage", "storage/v1/b", {"name": "letters"}, project=PROJECT)
    number = google.get("cloudresourcemanager", f"v3/{NAME}")["name"].rpartition("/")[2]
    agent = f"serviceAccount:service-{number}@gcp-sa-pubsub.iam.gserviceaccount.com"
    policy = google.get("storage", "storage/v1/b/letters/iam")
    more = [{"role": role, "members": [agent]} for role in roles]
    google.put("storage", "storage/v1/b/letters/iam", {**policy, "bindings": [*policy["bindings"], *more]})
    config = {"bucket": "letters", "filenamePrefix": "pubsub/", "textConfig": {}}
    return {"topic": LETTERS, "cloudStorageConfig": config}


def test_a_subscription_is_shown_as_google_completes_it(google: Google) -> None:
    email = google.account("some-caller")
    made = google.put("pubsub", PATH, pushing(email, expirationPolicy={}, labels={"l3kit-twin": "weather"}))
    assert (made["state"], made["ackDeadlineSeconds"], made["messageRetentionDuration"]) == ("ACTIVE", 10, "604800s")
    assert (made["expirationPolicy"], made["pushConfig"]["attributes"]) == ({}, {"x-goog-version": "v1"})
    assert google.get("pubsub", PATH) == made
    push = google.effects.pushes["weather"]
    assert (push.topic, push.url, push.account, push.letters, push.labels) == (
        "weather",
        URL,
        email,
        "",
        {"l3kit-twin": "weather"},
    )


def test_a_subscription_expires_unless_it_says_never(google: Google) -> None:
    assert google.put("pubsub", PATH, pushing())["expirationPolicy"] == {"ttl": "2678400s"}


def test_a_subscription_that_is_there_is_not_made_again(google: Google) -> None:
    google.put("pubsub", PATH, pushing())
    assert google.refused("PUT", "pubsub", PATH, pushing()).code == "ALREADY_EXISTS"


def test_a_topic_must_be_there(google: Google) -> None:
    assert google.refused("PUT", "pubsub", PATH, {**pushing(), "topic": f"{NAME}/topics/none"}).status == 404
    letters = {"deadLetterTopic": f"{NAME}/topics/none", "maxDeliveryAttempts": 5}
    assert google.refused("PUT", "pubsub", PATH, pushing(deadLetterPolicy=letters)).status == 404


@pytest.mark.parametrize(
    "more",
    [
        {"ackDeadlineSeconds": 5},
        {"messageRetentionDuration": "60s"},
        {"pushConfig": {"pushEndpoint": "nowhere"}},
        {"deadLetterPolicy": {"deadLetterTopic": LETTERS, "maxDeliveryAttempts": 4}},
        {"cloudStorageConfig": {"bucket": "letters"}},
    ],
)
def test_a_subscription_that_google_refuses_is_refused(google: Google, more: dict[str, Any]) -> None:
    storing(google)
    assert google.refused("PUT", "pubsub", PATH, {**pushing(), **more}).status == 400


def test_letters_are_stored_where_pubsubs_own_account_may_write(google: Google) -> None:
    body = storing(google)
    refused = google.refused("PUT", "pubsub", STORED, body)
    assert (refused.status, "did not have the necessary permissions" in refused.message) == (403, True)


def test_a_push_knows_where_its_letters_go(google: Google) -> None:
    google.put("pubsub", STORED, storing(google, *AGENT_ROLES))
    letters = {"deadLetterTopic": LETTERS, "maxDeliveryAttempts": 7}
    google.put("pubsub", PATH, pushing(deadLetterPolicy=letters))
    push = google.effects.pushes["weather"]
    assert (push.letters, push.attempts) == ("letters", 7)


def test_a_bucket_must_be_there(google: Google) -> None:
    body = {"topic": LETTERS, "cloudStorageConfig": {"bucket": "none"}}
    assert google.refused("PUT", "pubsub", STORED, body).status == 404


def test_a_patch_changes_what_its_mask_names_but_not_the_topic(google: Google) -> None:
    google.put("pubsub", PATH, pushing())
    new = {"subscription": {"pushConfig": {"pushEndpoint": "https://other/"}}, "updateMask": "pushConfig"}
    assert google.patch("pubsub", PATH, new)["pushConfig"]["pushEndpoint"] == "https://other/"
    assert google.effects.pushes["weather"].url == "https://other/"
    fixed = {"subscription": {"topic": LETTERS}, "updateMask": "topic"}
    assert google.refused("PATCH", "pubsub", PATH, fixed).status == 400


def test_a_push_is_changed_by_its_own_call_too(google: Google) -> None:
    google.put("pubsub", PATH, pushing())
    google.post("pubsub", f"{PATH}:modifyPushConfig", {"pushConfig": {"pushEndpoint": "https://other/"}})
    assert google.effects.pushes["weather"].url == "https://other/"


def test_a_fresh_account_is_not_known_yet(make: Make) -> None:
    google = make(unknown_account_seconds=60)
    google.put("pubsub", f"v1/{TOPIC}", {})
    email = google.account("some-caller")
    assert google.refused("PUT", "pubsub", PATH, pushing(email)).status == 404
    google.now += 60
    google.put("pubsub", PATH, pushing(email))


def test_a_deleted_subscription_delivers_nothing_more(google: Google) -> None:
    google.put("pubsub", PATH, pushing())
    google.delete("pubsub", PATH)
    assert (google.refused("GET", "pubsub", PATH).status, google.effects.pushes) == (404, {})
