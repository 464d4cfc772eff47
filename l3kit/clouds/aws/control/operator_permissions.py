"""The operator's permissions behind their port: the table, and IAM documents with IAM's limits."""

from __future__ import annotations

from collections.abc import Collection

from l3kit.clouds.aws.control.operator_policy import Scope, managed_policies, operator_policy
from l3kit.clouds.aws.control.permissions import permission_table
from l3kit.clouds.aws.control.policy_limits import MANAGED_POLICY, ROLE_POLICIES, compact
from l3kit.clouds.ports.operator_permissions import VERBS, Policy, PolicyScope, Verb


class AwsPermissions:
    """The port `OperatorPermissions`."""

    def table(self, verbs: Collection[Verb] = VERBS) -> str:
        return permission_table(verbs)

    def policy(self, scope: PolicyScope, verbs: Collection[Verb] = VERBS) -> Policy:
        named = Scope(scope.twin, scope.account, scope.region, scope.from_table, scope.calls)
        document = operator_policy(named, verbs)
        length = len(compact(document))
        inline = f"a role's inline policies ({ROLE_POLICIES:,})"
        managed = f"a customer managed policy ({MANAGED_POLICY:,})"
        fits = f"fits {inline}, not {managed}" if length <= ROLE_POLICIES else f"fits neither {inline} nor {managed}"
        note = f"{length:,} characters: {fits}: use --managed for those"
        return Policy(document, managed_policies(document), note if length > MANAGED_POLICY else "")


PERMISSIONS = AwsPermissions()
