"""Policies: read, changed and written by one program among several; others' members stay."""

from __future__ import annotations

from typing import Any

import pytest

from l3kit.clouds.gcp.control.policies import Held, PolicyPlace, change, held_by, is_new, with_held
from l3kit.clouds.ports.control import Refusal
from l3kit.errors import ProvisioningError
from tests.support.control_plane import Cloud

OURS, OTHER = "serviceAccount:a@p", "user:somebody@example.com"
POLICY: dict[str, Any] = {
    "etag": "1",
    "bindings": [
        {"role": "roles/viewer", "members": [OTHER, OURS]},
        {"role": "roles/x", "members": [OURS], "condition": {"title": "t", "expression": "e"}},
        {"role": "roles/y", "members": [f"deleted:{OURS}?uid=1", OTHER]},
    ],
}


def test_what_a_member_has_is_read_with_its_conditions() -> None:
    assert held_by(POLICY, OURS) == {Held("roles/viewer"), Held("roles/x", "e")}


def test_a_member_gets_exactly_what_is_wanted_and_everybody_else_keeps_theirs() -> None:
    wanted = [Held("roles/y"), Held("roles/x", "other")]
    changed = with_held(POLICY, OURS, wanted)
    assert held_by(changed, OURS) == {*wanted}
    assert held_by(changed, OTHER) == held_by(POLICY, OTHER)
    assert (changed["etag"], changed["version"]) == ("1", 3)
    assert not any("deleted:" in member for one in changed["bindings"] for member in one["members"])


def test_a_role_that_nobody_has_any_more_is_no_binding() -> None:
    assert [one["role"] for one in with_held(POLICY, OURS, ())["bindings"]] == ["roles/viewer", "roles/y"]


def test_a_change_by_somebody_else_in_between_is_kept(cloud: Cloud) -> None:
    policy = {"etag": "1", "bindings": [{"role": "roles/viewer", "members": [OTHER]}]}
    writes: list[Any] = []

    def write(wanted: Any) -> None:
        writes.append(wanted)
        if len(writes) == 1:
            policy["bindings"] = [{"role": "roles/editor", "members": [OTHER]}]
            raise Refusal(409, "ABORTED", "There were concurrent policy changes.")

    place = PolicyPlace("project p", lambda: dict(policy), write)
    change(cloud.place, place, lambda read: with_held(read, OURS, [Held("roles/x")]))
    assert [one["role"] for one in writes[-1]["bindings"]] == ["roles/editor", "roles/x"]


def test_nothing_is_written_that_is_so_already(cloud: Cloud) -> None:
    def write(wanted: Any) -> None:
        raise AssertionError(wanted)

    change(cloud.place, PolicyPlace("project p", lambda: POLICY, write), lambda read: dict(read))


def test_endless_concurrency_ends_with_the_policys_name(cloud: Cloud) -> None:
    def write(wanted: Any) -> None:
        raise Refusal(409, "ABORTED")

    with pytest.raises(ProvisioningError, match="the policy of project p can be changed: did not happen within"):
        change(cloud.place, PolicyPlace("project p", dict, write), lambda read: with_held(read, OURS, [Held("r")]))


@pytest.mark.parametrize(
    ("refusal", "new"),
    [
        (Refusal(400, "INVALID_ARGUMENT", "Service account a@p does not exist."), True),
        (Refusal(400, "INVALID_ARGUMENT", "Role x does not exist in the resource's hierarchy."), True),
        (Refusal(400, "INVALID_ARGUMENT", "The policy has more than 1500 members."), False),
        (Refusal(403, "PERMISSION_DENIED", "account"), False),
    ],
)
def test_only_an_account_or_a_role_that_is_not_known_yet_is_waited_for(refusal: Refusal, new: bool) -> None:
    assert is_new(refusal) == new
