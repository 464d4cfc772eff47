"""IAM that answers the calls of a preflight."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from l3kit.clouds.aws.session import AwsSession

ACCOUNT = "123456789012"


class Iam:
    """Answers the two calls of the preflight; the real services cannot be had here."""

    def __init__(
        self,
        denied: set[str],
        arn: str = f"arn:aws:iam::{ACCOUNT}:user/op",
        refuse: bool = False,
        only_on: str = "",
        by_action: bool = False,
    ) -> None:
        self.denied, self.arn, self.refuse, self.principals = denied, arn, refuse, set[str]()
        self.only_on, self.by_action = only_on, by_action
        self.asked: dict[str, set[str]] = {}
        self.passed_to: set[str] = set()
        self.roles: dict[str, str] = {}

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": self.arn}

    def get_role(self, RoleName: str) -> Any:
        if RoleName not in self.roles:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetRole")
        return {"Role": {"Arn": self.roles[RoleName]}}

    def simulate_principal_policy(
        self,
        PolicySourceArn: str,
        ActionNames: list[str],
        ResourceArns: list[str],
        ContextEntries: list[dict[str, Any]],
        MaxItems: int,
        Marker: str = "",
    ) -> Any:
        """Answer in pages of one action."""
        if self.refuse:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "SimulatePrincipalPolicy")
        assert len(ActionNames) * len(ResourceArns) <= MaxItems
        self.principals.add(PolicySourceArn)
        for name in ActionNames:
            self.asked.setdefault(name, set()).update(ResourceArns)
        for entry in ContextEntries:
            if entry["ContextKeyName"] == "iam:PassedToService":
                self.passed_to.update(entry["ContextKeyValues"])
        at = int(Marker or 0)
        page: Any = {"EvaluationResults": self._results(ActionNames[at], ResourceArns)}
        last = at + 1 == len(ActionNames)
        return page | ({"IsTruncated": False} if last else {"IsTruncated": True, "Marker": str(at + 1)})

    def _results(self, action: str, resources: list[str]) -> list[dict[str, Any]]:
        denied = [action in self.denied and self.only_on in resource for resource in resources]
        words = ["implicitDeny" if one else "allowed" for one in denied]
        if self.by_action:
            each = [
                {"EvalResourceName": resource, "EvalResourceDecision": word}
                for resource, word in zip(resources, words, strict=True)
            ]
            return [{"EvalActionName": action, "EvalDecision": words[0], "ResourceSpecificResults": each}]
        return [
            {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": word}
            for resource, word in zip(resources, words, strict=True)
        ]


def session_with(iam: Iam) -> AwsSession:
    clients = {(name, 60.0, 6): iam for name in ("iam", "sts")}
    return AwsSession("us-east-1", ACCOUNT, None, None, clients)


class AnyTwin:
    name = "plant"
