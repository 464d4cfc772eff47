"""What AWS would refuse for its length is told when the plan is made."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.policy_limits import ROLE_POLICIES, TRUST_POLICY, compact
from l3kit.clouds.aws.control.roles import Role
from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.aws.session import AwsSession
from l3kit.deploy.run import _owned
from l3kit.errors import ProvisioningError

ACCOUNT = "123456789012"


class NoRole:
    def get_role(self, RoleName: str) -> Any:
        raise ClientError({"Error": {"Code": "NoSuchEntity", "Message": "none"}}, "GetRole")


def role(policy: dict[str, Any], trust: dict[str, Any] | None = None) -> Role:
    session = AwsSession("us-east-1", ACCOUNT, None, None, {("iam", 60.0, 6): NoRole()})
    return Role(Context(session, AwsNames("plant", ACCOUNT, "us-east-1")), "plant-x", trust or {}, lambda: policy)


def of_length(length: int) -> dict[str, Any]:
    document = {"Statement": [{"Resource": "", "Sid": "a space  or two"}]}
    document["Statement"][0]["Resource"] = "x" * (length - len(compact(document)))
    assert len(compact(document)) == length
    return document


def test_a_policy_of_just_the_length_that_iam_takes_is_planned() -> None:
    finding = role(of_length(ROLE_POLICIES)).compare()
    assert (finding.exists, finding.fault) == (False, None)


@pytest.mark.parametrize(
    ("policy", "trust", "told"),
    [
        (of_length(ROLE_POLICIES + 1), {}, "its policy would have 10,241 characters, and AWS allows 10,240"),
        ({}, of_length(TRUST_POLICY + 1), "its trust policy would have 2,049 characters, and AWS allows 2,048"),
    ],
    ids=["policy", "trust"],
)
def test_a_longer_one_stops_the_plan_and_not_the_removal(
    policy: dict[str, Any], trust: dict[str, Any], told: str
) -> None:
    wanted = role(policy, trust)
    finding = wanted.compare()  # all that a plan to destroy looks at
    with pytest.raises(ProvisioningError, match=f"role plant-x: {told}; nothing was changed"):
        list(_owned([(wanted, finding)]))
    with pytest.raises(ProvisioningError, match=told):
        wanted.update()
