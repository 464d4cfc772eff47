"""Comparison of two policies by what they allow and deny."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from l3kit.clouds.ports.changes import Difference, list_changes


def policy_differences(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Difference]:
    """Return the missing and the excess permissions of a role."""
    if there == wanted:
        return []
    has, needs = _grants(there), _grants(wanted)
    less, more = needs - has, has - needs
    found = []
    if less:
        found.append(
            Difference(f"its policy lacks {_actions(less)}", list_changes("permission", (), _by_resource(less)))
        )
    if more:
        words = f"its policy also allows {_actions(more)}"
        found.append(Difference(words, list_changes("permission", _by_resource(more), ())))
    return found or [Difference("its policy differs")]


def permissions(policy: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the grants and denials of a policy, a text for each resource and condition."""
    return _by_resource(_grants(policy))


def _grants(policy: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    """Return action, resource and condition of everything allowed and not denied."""
    return {
        (
            f"{'' if statement.get('Effect') == 'Allow' else 'not '}{action}",
            resource,
            str(statement.get("Condition", "")),
        )
        for statement in _listed(policy.get("Statement"))
        for action in _listed(statement.get("Action"))
        for resource in _listed(statement.get("Resource"))
    }


def _actions(grants: set[tuple[str, str, str]]) -> str:
    """Format actions as `s3:PutObject on a-bucket/*`, sorted."""
    return ", ".join(sorted({f"{action} on {resource.rpartition(':')[2]}" for action, resource, _ in grants}))


def _by_resource(grants: set[tuple[str, str, str]]) -> tuple[str, ...]:
    """Format actions by resource: `s3:GetObject, s3:PutObject on a-bucket/*`."""
    found: dict[tuple[str, str], list[str]] = {}
    for action, resource, condition in sorted(grants):
        found.setdefault((resource, condition), []).append(action)
    return tuple(
        f"{', '.join(actions)} on {resource.rpartition(':')[2]}{f' if {condition}' if condition else ''}"
        for (resource, condition), actions in found.items()
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
