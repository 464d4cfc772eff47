"""Pub/Sub topics."""

from __future__ import annotations

import base64

import pytest

from tests.support.google_plane import NAME, Google

PATH = f"v1/{NAME}/topics/weather"


def test_a_topic_is_made_shown_and_deleted(google: Google) -> None:
    made = google.put("pubsub", PATH, {"labels": {"l3kit-twin": "weather"}})
    assert made == {"name": PATH.removeprefix("v1/"), "labels": {"l3kit-twin": "weather"}}
    assert google.get("pubsub", PATH) == made
    assert google.get("pubsub", f"v1/{NAME}/topics")["topics"] == [made]
    google.delete("pubsub", PATH)
    assert google.refused("GET", "pubsub", PATH).message == "Resource not found (resource=weather)."


def test_a_topic_that_is_there_is_not_made_again(google: Google) -> None:
    google.put("pubsub", PATH, {})
    assert google.refused("PUT", "pubsub", PATH, {}).code == "ALREADY_EXISTS"


@pytest.mark.parametrize("one", ["ab", "1st", "goog-topic", "x" * 256])
def test_a_name_that_google_refuses_is_refused(google: Google, one: str) -> None:
    assert google.refused("PUT", "pubsub", f"v1/{NAME}/topics/{one}", {}).status == 400


def test_a_patch_changes_what_its_mask_names(google: Google) -> None:
    google.put("pubsub", PATH, {"labels": {"a": "1"}})
    body = {"topic": {"labels": {"a": "2"}}, "updateMask": "labels"}
    assert google.patch("pubsub", PATH, body)["labels"] == {"a": "2"}


def test_only_a_policy_that_was_set_has_a_version(google: Google) -> None:
    google.put("pubsub", PATH, {})
    assert "version" not in google.get("pubsub", f"{PATH}:getIamPolicy")
    google.post("pubsub", f"{PATH}:setIamPolicy", {"policy": {}})
    assert google.get("pubsub", f"{PATH}:getIamPolicy")["version"] == 1


def test_messages_are_published_by_those_who_may(google: Google) -> None:
    google.put("pubsub", PATH, {})
    data = base64.b64encode(b"21").decode()
    body = {"messages": [{"data": data, "attributes": {"topic": "weather/a/telemetry"}}]}
    assert google.refused("POST", "pubsub", f"{PATH}:publish", body, caller="stranger@example.com").status == 403
    policy = {"policy": {"bindings": [{"role": "roles/pubsub.publisher", "members": ["user:device@example.com"]}]}}
    google.post("pubsub", f"{PATH}:setIamPolicy", policy)
    assert len(google.post("pubsub", f"{PATH}:publish", body, caller="device@example.com")["messageIds"]) == 1
    assert google.effects.messages == [("weather", b"21", {"topic": "weather/a/telemetry"})]
    assert google.refused("POST", "pubsub", f"{PATH}:publish", {"messages": [{}]}).status == 400
