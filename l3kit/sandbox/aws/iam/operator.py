"""The sandbox's operator: an IAM user with the permissions that l3kit documents for deploying a twin.

The user and its policies are ordinary objects in moto, created at its start, so a test can remove one.
"""

from __future__ import annotations

from collections.abc import Mapping

from l3kit.clouds.aws.control.operator_policy import Scope, managed_policies, operator_policy
from l3kit.clouds.aws.control.policy_limits import compact
from l3kit.errors import SandboxError
from l3kit.sandbox.aws.account import ACCOUNT_ID, REGION
from l3kit.sandbox.aws.iam.moto_iam import MotoIam

OPERATOR = "l3kit-operator"
OPERATOR_KEY = "sandbox"
"""Access key used by `l3kit.clouds.aws.session.open_sandbox`."""


def operator_policies() -> dict[str, str]:
    """Return the required permissions as policy documents by name.

    They are for the resources of any twin, any table to copy, and any function that an event may call.
    """
    parts = managed_policies(operator_policy(Scope("*", ACCOUNT_ID, REGION, "*", ("*",))))
    return {f"{OPERATOR}-{number}": compact(part) for number, part in enumerate(parts, 1)}


async def make_operator(iam: MotoIam, policies: Mapping[str, str]) -> None:
    """Create the user with these policies attached. Raises: SandboxError if moto refuses a call."""
    await _call(iam, "CreateUser", UserName=OPERATOR)
    for name, document in policies.items():
        made = await _call(iam, "CreatePolicy", PolicyName=name, PolicyDocument=document)
        await _call(iam, "AttachUserPolicy", UserName=OPERATOR, PolicyArn=made)


async def _call(iam: MotoIam, action: str, **parameters: str) -> str:
    answer = await iam.call(action, **parameters)
    if answer is None:
        raise SandboxError("sandbox emulator moto", f"refused {action} for the sandbox's operator", "Read its log")
    return answer.text(".//Arn")
