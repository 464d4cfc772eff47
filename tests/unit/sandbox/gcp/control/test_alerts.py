"""Alert policies and their channels."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.google_plane import NAME, Google

POLICIES, CHANNELS = f"v3/{NAME}/alertPolicies", f"v3/{NAME}/notificationChannels"
EMAIL = {"type": "email", "displayName": "us", "labels": {"email_address": "us@example.com"}}


def policy(*channels: str, **more: Any) -> dict[str, Any]:
    threshold = {"filter": 'metric.type="a"', "comparison": "COMPARISON_GT", "duration": "0s"}
    conditions = [{"displayName": "errors", "conditionThreshold": threshold}]
    told = {"displayName": "weather: errors", "combiner": "OR", "userLabels": {"l3kit-twin": "weather"}}
    return {**told, "conditions": conditions, "notificationChannels": list(channels), **more}


def test_a_policy_tells_its_channel(google: Google) -> None:
    channel = google.post("monitoring", CHANNELS, EMAIL)
    made = google.post("monitoring", POLICIES, policy(channel["name"]))
    assert (made["enabled"], made["creationRecord"]["mutatedBy"]) == (True, google.caller)
    assert made["conditions"][0]["name"].startswith(f"{made['name']}/conditions/")
    assert google.get("monitoring", f"v3/{made['name']}") == made
    found = google.get("monitoring", POLICIES, filter='user_labels.l3kit-twin="weather"')
    assert found["alertPolicies"] == [made]
    assert google.get("monitoring", POLICIES, filter='user_labels.l3kit-twin="other"') == {}


def test_a_channel_in_use_is_not_deleted_unless_by_force(google: Google) -> None:
    channel = google.post("monitoring", CHANNELS, EMAIL)["name"]
    made = google.post("monitoring", POLICIES, policy(channel))["name"]
    assert google.refused("DELETE", "monitoring", f"v3/{channel}").code == "FAILED_PRECONDITION"
    google.delete("monitoring", f"v3/{channel}", force="true")
    assert not google.get("monitoring", f"v3/{made}").get("notificationChannels")


def test_a_patch_changes_what_its_mask_names(google: Google) -> None:
    made = google.post("monitoring", POLICIES, policy())["name"]
    changed = google.patch("monitoring", f"v3/{made}", {"enabled": False, "combiner": "AND"}, updateMask="enabled")
    assert (changed.get("enabled", False), changed["combiner"]) == (False, "OR")
    google.delete("monitoring", f"v3/{made}")
    assert google.refused("GET", "monitoring", f"v3/{made}").status == 404


@pytest.mark.parametrize(
    "more",
    [{"displayName": ""}, {"conditions": []}, {"combiner": None}, {"notificationChannels": [f"{CHANNELS[3:]}/1"]}],
)
def test_a_policy_that_google_refuses_is_refused(google: Google, more: dict[str, Any]) -> None:
    assert google.refused("POST", "monitoring", POLICIES, policy(**more)).status in (400, 404)


def test_a_channel_has_an_address(google: Google) -> None:
    assert google.refused("POST", "monitoring", CHANNELS, {"type": "email", "labels": {}}).status == 400
    assert google.refused("POST", "monitoring", CHANNELS, {"labels": {"a": "b"}}).status == 400
