"""The operator's permissions on Google Cloud behind their port: the table, and a custom role of exactly these."""

from __future__ import annotations

from collections.abc import Collection

from l3kit.clouds.gcp.control.permissions import grants_for, permission_table
from l3kit.clouds.ports.operator_permissions import VERBS, Policy, PolicyScope, Verb


class GcpPermissions:
    """The port `OperatorPermissions`."""

    def table(self, verbs: Collection[Verb] = VERBS) -> str:
        return permission_table(verbs)

    def policy(self, scope: PolicyScope, verbs: Collection[Verb] = VERBS) -> Policy:
        """Return a custom role as `gcloud iam roles create ID --project P --file FILE` takes it.

        It holds for the whole project: no condition names resources that are not there yet.
        """
        needed = [grant for grant in grants_for(verbs) if scope.from_table or grant.only != "with `from_table`"]
        document = {
            "title": f"Operator of {scope.twin}",
            "description": f"What l3kit needs for the twin {scope.twin}",
            "stage": "GA",
            "includedPermissions": sorted({name for grant in needed for name in grant.permissions}),
        }
        return Policy(document, [document])


PERMISSIONS = GcpPermissions()
