"""Roles whose removal was interrupted."""

from __future__ import annotations

from typing import Any

import pytest

from l3kit.clouds.aws.control.roles import Role
from tests.support.slow_aws import Client, context, refusal


@pytest.mark.parametrize("lost", ["delete_role_policy", "detach_role_policy", "delete_role"])
def test_a_role_goes_though_the_answer_to_the_removal_of_a_part_was_lost(lost: str) -> None:
    answers: dict[str, list[Any]] = {
        "list_role_policies": [{"PolicyNames": ["l3kit", "more"]}],
        "list_attached_role_policies": [{"AttachedPolicies": [{"PolicyArn": "arn"}]}],
        lost: [refusal(lost, "NoSuchEntity"), {}],
    }
    client = Client(**answers)
    where, _ = context("iam", client)
    Role(where, "plant-dispatcher", {}, dict).delete()
    made = [call for call in client.calls if not call.startswith("list")]
    assert made == ["delete_role_policy", "delete_role_policy", "detach_role_policy", "delete_role"]
