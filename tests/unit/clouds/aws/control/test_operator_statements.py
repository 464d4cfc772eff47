"""Statements that are short, and allow what the rows of the table allow: no less and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

import pytest

from l3kit.clouds.aws.control.grants import Grant, On
from l3kit.clouds.aws.control.operator_policy import Scope, condition_of, policy_of
from l3kit.clouds.aws.control.operator_statements import TOGETHER, WHOLES, WITHIN, Block, blocks_of
from l3kit.clouds.aws.control.permissions import REQUIRED_PERMISSIONS, grants_for
from l3kit.clouds.ports.operator_permissions import VERBS, Verb
from tests.unit.clouds.aws.control.answering_iam import ACCOUNT

SCOPE = Scope("plant", ACCOUNT, "eu-west-1", source="readings", called=("alarm", "other"))
Allowed = tuple[str, str, str]
"""Action, ARN and condition."""


def of_rows(grants: Iterable[Grant]) -> set[Allowed]:
    return {
        (action, arn, str(condition_of(grant.on, grant.passed_to)))
        for grant in grants
        for action in grant.actions
        for arn in SCOPE.arns(grant.on)
    }


def of_policy(grants: Iterable[Grant]) -> list[Allowed]:
    """What the policy allows, but actions on resources of another service, which they do not know."""
    statements: list[dict[str, Any]] = policy_of(SCOPE, grants)["Statement"]
    return [
        (action, arn, str(one.get("Condition", {}).get("StringEquals", {})))
        for one in statements
        for action in one["Action"]
        for arn in one["Resource"]
        if arn == "*" or arn.split(":")[2] == action.split(":")[0]
    ]


def covering(allowed: Iterable[Allowed]) -> Callable[[Allowed], list[str]]:
    """Tells of each the ARNs that allow it."""
    arns: dict[tuple[str, str], list[str]] = {}
    for action, arn, condition in allowed:
        arns.setdefault((action, condition), []).append(arn)
    return lambda one: [arn for arn in arns.get((one[0], one[2]), []) if fnmatchcase(one[1], arn)]


@pytest.mark.parametrize("verbs", [VERBS, *((verb,) for verb in VERBS), ("pause", "erase"), ("load", "end_lease")])
def test_a_policy_allows_what_its_rows_allow_and_each_action_once(verbs: tuple[Verb, ...]) -> None:
    grants = grants_for(verbs)
    allowed, rows = of_policy(grants), of_rows(grants)
    assert {*allowed} <= rows
    covers = covering(allowed)
    assert [one for one in rows if not covers(one)] == []
    assert [one for one in allowed if len(covers(one)) != 1] == []


def test_the_kinds_that_are_parts_of_others_are_so_by_their_arns() -> None:
    for whole, parts in WHOLES.items():
        assert {*SCOPE.arns(whole)} == {arn for part in parts for arn in SCOPE.arns(part)}
    for part, whole in WITHIN.items():
        assert all(any(fnmatchcase(arn, wide) for wide in SCOPE.arns(whole)) for arn in SCOPE.arns(part)), part


@pytest.mark.parametrize("group", TOGETHER)
def test_kinds_that_share_a_statement_are_of_different_services_or_of_everything(group: tuple[On, ...]) -> None:
    services = [
        {action.split(":")[0] for grant in REQUIRED_PERMISSIONS if grant.on == kind for action in grant.actions}
        for kind in group
    ]
    everything = [SCOPE.arns(kind) == ("*",) for kind in group]
    assert all(len(one) == 1 for one in services)
    assert len(set.union(*services)) == len(group)
    assert len({*everything}) == 1


def row(on: On, *actions: str, passed_to: str = "") -> Grant:
    return Grant(on, actions, "", ("plan",), passed_to)


def test_an_action_on_all_parts_is_one_on_the_whole_and_none_on_a_part() -> None:
    rows = [row("cold objects", "s3:A", "s3:B"), row("letters objects", "s3:A"), row("archive objects", "s3:A")]
    assert blocks_of([*rows, row("cold pauses", "s3:A", "s3:B"), row("archive holds", "s3:C")]) == [
        Block(("objects",), ("s3:A",)),
        Block(("cold objects",), ("s3:B",)),
        Block(("archive holds",), ("s3:C",)),
    ]


def test_kinds_with_the_same_actions_share_a_statement_if_their_roles_are_passed_to_the_same_service() -> None:
    rows = [row("cold objects", "s3:A"), row("letters objects", "s3:A"), row("hot table", "dynamodb:A")]
    assert blocks_of(rows) == [
        Block(("cold objects", "letters objects"), ("s3:A",)),
        Block(("hot table",), ("dynamodb:A",)),
    ]
    passed = [row("roles of functions", "iam:P", passed_to="a"), row("scheduler's role", "iam:P", passed_to="b")]
    assert len(blocks_of(passed)) == 2
