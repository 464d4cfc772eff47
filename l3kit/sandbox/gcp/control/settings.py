"""Settings of a double of Google's control plane: its times, its limits, the policies of its organization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ENABLED_AT_FIRST = frozenset(
    f"{name}.googleapis.com" for name in ("datastore", "logging", "monitoring", "servicemanagement", "serviceusage")
) | {"storage.googleapis.com", "storage-api.googleapis.com", "storage-component.googleapis.com"}
"""APIs that each new project has (Service Usage, "Services enabled by default"); as far as the double knows them."""


@dataclass(frozen=True, slots=True)
class Organization:
    """Policies of the organization above the project.

    Attributes:
        public_members: whether `allUsers` may be a member (`iam.allowedPolicyMemberDomains`).
        soft_delete_seconds: the least that a bucket keeps what was deleted (`storage.softDeletePolicySeconds`).
    """

    public_members: bool = True
    soft_delete_seconds: int = 0


@dataclass(frozen=True, slots=True)
class PlaneSettings:
    """Times in seconds by the double's clock. All 0: everything at once, but for the states of operations.

    Attributes:
        operation_seconds: of a long-running operation, by the API's first word; "" for all others.
        unknown_account_seconds: for which other services do not know a new service account.
        unknown_role_seconds: for which no policy can give a new or undeleted role.
        unknown_agent_seconds: for which the account of a service of Google's is not known after its API was enabled.
        unread_seconds: for which what was just made is not found by a GET.
        binding_seconds: after which a changed policy or role takes effect.
        enabling_seconds: for which an API that was just enabled still says that it is disabled.
        resting_seconds: for which the id of a deleted database cannot be used again.
        enabled: APIs that are enabled at first.
        billing: whether the project has an account that pays.
        taken_buckets: names of buckets of other projects.
        quotas: how many there can be of a kind of resource, such as `databases`; others have none.
        calls_a_minute: how often an API, by its first word, can be called; others have no limit.
        former_build_rights: whether the default build account has the rights that it had before July 2024.
        owner_roles: roles of the project's owners.
        answer_of_unknown: code with which Cloud Functions refuses an account that it does not know yet.
    """

    operation_seconds: Mapping[str, float] = field(default_factory=dict)
    unknown_account_seconds: float = 0
    unknown_role_seconds: float = 0
    unknown_agent_seconds: float = 0
    unread_seconds: float = 0
    binding_seconds: float = 0
    enabling_seconds: float = 0
    resting_seconds: float = 0
    enabled: frozenset[str] = ENABLED_AT_FIRST
    billing: bool = True
    organization: Organization = Organization()
    taken_buckets: frozenset[str] = frozenset()
    quotas: Mapping[str, int] = field(default_factory=dict)
    calls_a_minute: Mapping[str, int] = field(default_factory=dict)
    former_build_rights: bool = False
    owner_roles: tuple[str, ...] = ("roles/owner",)
    answer_of_unknown: str = "NOT_FOUND"

    def operation_time(self, api: str) -> float:
        """Return how long an operation of this API takes."""
        return self.operation_seconds.get(api, self.operation_seconds.get("", 0.0))


SLOW = PlaneSettings(
    operation_seconds={"": 20, "cloudfunctions": 90, "firestore": 45},
    unknown_account_seconds=60,
    unknown_role_seconds=30,
    unknown_agent_seconds=180,
    unread_seconds=5,
    binding_seconds=120,
    enabling_seconds=90,
    resting_seconds=300,
)
"""Times as they are reported of the real services (study of real clouds, section 2)."""
