"""A judge of Google Cloud's identities for tests: what each email may do, on which resources."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

EVERYWHERE = frozenset({""})
"""On every resource."""
ALL = ""
"""The email of whoever sends no token."""


@dataclass
class Roles:
    """`Judge`. `allowed`: by email and permission the beginnings of resources; `asked`: what has been asked."""

    allowed: Mapping[str, Mapping[str, Collection[str]]]
    asked: list[tuple[str | None, str, str]] = field(default_factory=list)

    def refusal(self, email: str | None, permission: str, resource: str) -> str | None:
        self.asked.append((email, permission, resource))
        places = self.allowed.get(email or ALL, {}).get(permission, ())
        return None if any(resource.startswith(place) for place in places) else f"no {permission} on {resource}"


def roles(email: str, *permissions: str) -> Roles:
    """One identity that has these permissions everywhere."""
    return Roles({email: dict.fromkeys(permissions, EVERYWHERE)})
