"""A twin on Google Cloud in memory: deployed and destroyed by plan and apply, and what is left of it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from l3kit.clouds.gcp.cloud import GcpCloud
from l3kit.clouds.gcp.control.place import FIRESTORE, FUNCTIONS, IAM, PUBSUB, SCHEDULER, STORAGE
from l3kit.clouds.gcp.control.policies import Held, bucket_policy, change, held_by, project_policy, with_held
from l3kit.clouds.gcp.control.refusals import unless_missing
from l3kit.deploy.apply_result import ApplyResult
from l3kit.deploy.plan import Plan
from l3kit.deploy.run import apply, plan, plan_destroy
from l3kit.sandbox.gcp.control.settings import PlaneSettings
from l3kit.session import Session
from tests.support.control_plane import PROJECT, REGION, Cloud
from tests.support.google_memory import OWNER
from tests.support.google_plane import EVERY_API
from tests.support.twins import twin_on

Inventory = Mapping[str, Any]


class GoogleTwin:
    """One twin and its project.

    Args:
        chain: it has a message chain too.
        reader_urls: its readers have addresses that everybody may call.
    """

    def __init__(
        self, folder: Path, settings: PlaneSettings | None = None, *, chain: bool = False, reader_urls: bool = False
    ) -> None:
        self.cloud = Cloud(settings or PlaneSettings(enabled=EVERY_API))
        two = ("gcp", "gcp") if chain else None
        self.twin = twin_on(folder, "gcp", "gcp", "gcp", chain=two, reader_urls=reader_urls)
        self.session = Session("live", {"gcp": GcpCloud(self.cloud.session())})
        if settings is None:
            self.let_owner_empty_buckets()

    def let_owner_empty_buckets(self) -> None:
        """Give the owner the role without which preflight refuses; only once the project's API is enabled."""
        admin = Held("roles/storage.admin")
        change(
            self.cloud.place,
            project_policy(self.cloud.place),
            lambda policy: with_held(policy, f"user:{OWNER}", [*held_by(policy, f"user:{OWNER}"), admin]),
        )

    def plan(self) -> Plan:
        return plan(self.twin, self.session)

    def deploy(self) -> ApplyResult:
        return apply(self.plan(), self.session)

    def plan_destroy(self, *, data: bool = True) -> Plan:
        return plan_destroy(self.twin, self.session, data=data)

    def destroy(self, *, data: bool = True) -> ApplyResult:
        return apply(self.plan_destroy(data=data), self.session)

    def inventory(self) -> Inventory:
        """Return all that there is in the project but what Google Cloud keeps of its own, and who may do what."""
        location, project = f"projects/{PROJECT}/locations/{REGION}", f"projects/{PROJECT}"
        there = self._names(STORAGE, "storage/v1/b", "items", {"project": PROJECT})
        buckets = [name for name in there if not name.startswith("gcf-v2-")]
        found = {
            "databases": self._names(FIRESTORE, f"v1/{project}/databases", "databases"),
            "buckets": buckets,
            "roles": self._names(IAM, f"v1/{project}/roles", "roles"),
            "accounts": self._names(IAM, f"v1/{project}/serviceAccounts", "accounts", {"pageSize": "100"}),
            "functions": self._names(FUNCTIONS, f"v2/{location}/functions", "functions"),
            "jobs": self._names(SCHEDULER, f"v1/{location}/jobs", "jobs"),
            "topics": self._names(PUBSUB, f"v1/{project}/topics", "topics"),
            "subscriptions": self._names(PUBSUB, f"v1/{project}/subscriptions", "subscriptions"),
            "members": self._members(project_policy(self.cloud.place).read()),
        }
        for bucket in buckets:
            found[f"members of {bucket}"] = self._members(bucket_policy(self.cloud.place, bucket).read())
        return found

    def _names(self, service: str, path: str, what: str, query: Mapping[str, str] | None = None) -> Sequence[str]:
        page = unless_missing(lambda: self.cloud.control.get(service, path, query)) or {}
        assert "nextPageToken" not in page
        return sorted(str(one["name"]) for one in page.get(what, ()))

    def _members(self, policy: Mapping[str, Any]) -> Sequence[str]:
        return sorted(
            f"{member} {one['role']} {one.get('condition', {}).get('expression', '')}".rstrip()
            for one in policy.get("bindings", ())
            for member in one["members"]
            if member.startswith(("serviceAccount:", "deleted:"))
        )

    def close(self) -> None:
        self.cloud.close()
