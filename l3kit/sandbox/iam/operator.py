"""The operator of the sandbox: a user of the account with the permissions that l3kit says a deploying person needs.

The user and its policies are ordinary ones in moto, made when the gateway starts, so a test can take one away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from l3kit.sandbox.iam.moto_iam import MotoIam

OPERATOR = "l3kit-operator"
OPERATOR_KEY = "sandbox"
"""The access key that `l3kit.clouds.aws.session.open_sandbox` signs with."""


def operator_policies(required: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[str, str]:
    """One policy per service, by name, from the table of required permissions (layer, service, names of actions)."""
    by_service: dict[str, set[str]] = {}
    for services in required.values():
        for service, names in services.items():
            by_service.setdefault(service, set()).update(names)
    return {
        f"{OPERATOR}-{service}": json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "Required",
                        "Effect": "Allow",
                        "Action": [f"{service}:{name}" for name in sorted(names)],
                        "Resource": "*",
                    }
                ],
            }
        )
        for service, names in sorted(by_service.items())
    }


async def make_operator(iam: MotoIam, policies: Mapping[str, str]) -> None:
    """Create the user with these policies attached. Raises: RuntimeError where moto refuses one."""
    await _must(iam, "CreateUser", UserName=OPERATOR)
    for name, document in policies.items():
        made = await _must(iam, "CreatePolicy", PolicyName=name, PolicyDocument=document)
        await _must(iam, "AttachUserPolicy", UserName=OPERATOR, PolicyArn=made)


async def _must(iam: MotoIam, action: str, **parameters: str) -> str:
    answer = await iam.call(action, **parameters)
    if answer is None:
        raise RuntimeError(f"moto refused {action} for the sandbox's operator")
    return answer.text(".//Arn")
