"""Alarms of former times: gone where they may be seen, and no hindrance where they may not."""

from __future__ import annotations

import pytest

from l3kit.clouds.gcp.control.channels import Channels
from l3kit.clouds.gcp.control.former_alarms import LISTING, FormerAlarms, unseen_alarms
from l3kit.clouds.gcp.control.place import Place
from l3kit.clouds.ports.control import Refusal
from l3kit.errors import ProvisioningError
from tests.support.canned_control import CannedControl

CHANNELS = "GET monitoring.googleapis.com/v3/projects/p/notificationChannels"
TESTED = "POST cloudresourcemanager.googleapis.com/v3/projects/p:testIamPermissions"
DENIED = Refusal(403, "PERMISSION_DENIED", "denied")


def place(**answers: object) -> Place:
    return Place(CannedControl({globals()[name]: answer for name, answer in answers.items()}), "p", "r")  # type: ignore[misc]


def test_what_nobody_may_look_for_counts_as_gone() -> None:
    former = FormerAlarms(Channels(place(CHANNELS=DENIED), "plant"))
    assert not former.compare().exists
    assert (former.kind, former.name, former.holds_data) == ("notification channels", "plant-alarms", False)


def test_what_may_be_seen_is_there_and_goes() -> None:
    seen = place(CHANNELS={"notificationChannels": [{"name": "projects/p/notificationChannels/1"}]})
    former = FormerAlarms(Channels(seen, "plant"))
    assert former.compare().exists
    former.delete()
    assert isinstance(seen.control, CannedControl)
    assert [name for name, _ in seen.control.asked if name.startswith("DELETE")] == [
        "DELETE monitoring.googleapis.com/v3/projects/p/notificationChannels/1"
    ]


def test_any_other_failure_is_told() -> None:
    with pytest.raises(ProvisioningError, match="Google Cloud refused it"):
        FormerAlarms(Channels(place(CHANNELS=Refusal(400, "INVALID_ARGUMENT", "no")), "plant")).compare()


@pytest.mark.parametrize(
    ("answer", "told"),
    [({"permissions": LISTING}, 0), ({"permissions": LISTING[:1]}, 1), ({}, 1), (DENIED, 0)],
)
def test_that_they_are_not_seen_is_noted(answer: object, told: int) -> None:
    notes = unseen_alarms(place(TESTED=answer), "plant")
    assert len(notes) == told
    assert all("plant has none now, and any that it had before stay" in note for note in notes)
