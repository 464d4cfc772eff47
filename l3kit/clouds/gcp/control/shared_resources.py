"""Resources that a twin's functions have in common: custom roles, service accounts, and their permissions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from l3kit.clouds.gcp.control.accounts import ServiceAccount
from l3kit.clouds.gcp.control.bindings import Bindings
from l3kit.clouds.gcp.control.function_bodies import BUILD_ACCOUNT
from l3kit.clouds.gcp.control.function_grants import (
    PERMISSIONS,
    PLACES,
    Where,
    build_roles,
    grants_of,
    held,
    purposes_of,
)
from l3kit.clouds.gcp.control.invocations import INVOKER_ACCOUNT
from l3kit.clouds.gcp.control.place import Place
from l3kit.clouds.gcp.control.policies import Held, PolicyPlace, bucket_policy, project_policy
from l3kit.clouds.gcp.control.roles import CustomRole
from l3kit.clouds.gcp.names import GcpNames
from l3kit.clouds.ports.resources import Resource
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.twin.layout import Layout

ON_PROJECT, ON_BUCKET = "roles/resourcemanager.projectIamAdmin on the project", "roles/storage.admin on the project"
USES = {BUILD_ACCOUNT: "Builds the functions", INVOKER_ACCOUNT: "Starts functions: schedules, messages, notebooks"}
"""Accounts that are no function's."""


@dataclass(frozen=True)
class SharedResources:
    """Of one twin."""

    place: Place
    twin_name: str
    layout: Layout

    def needed(self, functions: Sequence[str]) -> list[Resource]:
        """Return what these functions need, in order of creation."""
        roles = [self._role(purpose) for purpose in purposes_of(functions, self.layout)]
        accounts = [self._account(name) for name in (*USES, *functions)]
        return [*roles, *accounts, *(self._bindings(where, functions) for where in self._used(functions))]

    def left_over(self, here: Sequence[str]) -> list[Resource]:
        """Return what may remain of functions other than these, in order of removal."""
        used, needed = self._used(here), purposes_of(here, self.layout)
        accounts = (*(name for name in FUNCTIONS if name not in here), *(() if here else USES))
        return [
            *(self._bindings(where, ()) for where in PLACES if where not in used),
            *(self._account(name) for name in accounts),
            *(self._role(purpose) for purpose in PERMISSIONS if purpose not in needed),
        ]

    def _used(self, functions: Collection[str]) -> tuple[Where, ...]:
        found = {grant.on for function in functions for grant in grants_of(function, self.layout)}
        found |= {"database"} if functions else set()  # the account for builds has its roles on the project too
        return tuple(where for where in PLACES if where in found)

    def _role(self, purpose: str) -> CustomRole:
        words = f"{purpose.replace('_', ' ')} of its functions"
        role = self._names.role(purpose)
        return CustomRole(self.place, role, self.twin_name, words, PERMISSIONS[purpose])

    def _account(self, name: str) -> ServiceAccount:
        purpose = USES.get(name, f"The function {name}")
        return ServiceAccount(self.place, self._names.account(name), self.twin_name, purpose)

    def _bindings(self, where: Where, functions: Sequence[str]) -> Bindings:
        names = self._names
        wanted: dict[str, frozenset[Held]] = {}
        for function in functions:
            roles = frozenset(held(one, names) for one in grants_of(function, self.layout) if one.on == where)
            if roles:
                wanted[names.account(function)] = roles
        if where == "database" and functions:
            wanted[names.account(BUILD_ACCOUNT)] = build_roles(names)
        ours = tuple(names.account(name) for name in (*USES, *FUNCTIONS))
        role = ON_PROJECT if where == "database" else ON_BUCKET
        return Bindings(self.place, self._policy(where), wanted, ours, role)

    def _policy(self, where: Where) -> PolicyPlace:
        if where == "database":  # databases have no policy of their own: the project's, with a condition
            return project_policy(self.place)
        return bucket_policy(self.place, self._names.store(where))

    @property
    def _names(self) -> GcpNames:
        return self.place.names(self.twin_name)
