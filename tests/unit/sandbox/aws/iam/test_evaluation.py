"""Decisions: explicit deny, allow, nothing; identity, resource and boundary together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.sandbox.aws.iam.documents import MalformedPolicyError, Policy, parse_policy
from l3kit.sandbox.aws.iam.evaluation import Identity, Need, evaluate
from l3kit.sandbox.aws.iam.principals import ROOT, Principal, service

ACCOUNT = "123456789012"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/mover"
SESSION_ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/mover/f"
ROLE = Principal("role", SESSION_ARN, "mover", ROLE_ARN, "AROA:f")
USER = Principal("user", f"arn:aws:iam::{ACCOUNT}:user/ann", "ann")
OBJECTS = "arn:aws:s3:::b/*"
READ = Need("s3:GetObject", "arn:aws:s3:::b/k")


def statement(effect: str = "Allow", action: Any = "s3:GetObject", resource: Any = OBJECTS, **more: Any) -> Any:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def identity(*statements: Any) -> Policy:
    return parse_policy({"Version": "2012-10-17", "Statement": list(statements)}, "identity", "own")


def at_resource(principal: Any, effect: str = "Allow", **more: Any) -> Policy:
    content = statement(effect, Principal=principal, **more)
    return parse_policy({"Version": "2012-10-17", "Statement": content}, "resource", "b")


def test_nothing_allows_nothing() -> None:
    decision = evaluate(Identity(USER), READ)
    assert (decision.allowed, decision.explicit) == (False, False)
    assert decision.reason == "because no identity-based policy allows the s3:GetObject action"


@pytest.mark.parametrize(
    ("content", "allowed"),
    [
        (statement(action="S3:getobject"), True),
        (statement(action=["s3:PutObject", "s3:Get*"]), True),
        (statement(action="s3:GetObjec?"), True),
        (statement(action="*"), True),
        (statement(action="s3:GetObjectVersion"), False),
        (statement(resource="arn:aws:s3:::b/K"), False),
        (statement(resource="arn:aws:s3:::b"), False),
        (statement(resource=["arn:aws:s3:::c/*", "arn:aws:s3:::b/?"]), True),
        (statement(Condition={"Bool": {"aws:SecureTransport": "true"}}), False),
    ],
)
def test_a_statement_covers_actions_and_resources(content: Any, allowed: bool) -> None:
    assert evaluate(Identity(USER, (identity(content),)), READ).allowed is allowed


def test_an_explicit_deny_wins_wherever_it_stands() -> None:
    allow, deny = identity(statement()), identity(statement("Deny", "s3:*"))
    everybody = at_resource("*")
    cases = {
        "an identity-based policy": evaluate(Identity(USER, (allow, deny)), READ, everybody),
        "a resource-based policy": evaluate(Identity(USER, (allow,)), READ, at_resource("*", "Deny")),
        "a permissions boundary": evaluate(Identity(USER, (allow,), deny), READ, everybody),
    }
    for where, decision in cases.items():
        assert (decision.allowed, decision.explicit) == (False, True)
        assert decision.reason == f"with an explicit deny in {where}"


@pytest.mark.parametrize(
    ("named", "allowed"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ROLE_ARN}, True),
        ({"AWS": [SESSION_ARN]}, True),
        ({"AWS": ACCOUNT}, False),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}, False),
        ({"Service": "lambda.amazonaws.com"}, False),
    ],
)
def test_a_resources_policy_allows_whom_it_names_and_an_account_only_delegates(named: Any, allowed: bool) -> None:
    assert evaluate(Identity(ROLE), READ, at_resource(named)).allowed is allowed


def test_boundaries_limit_what_others_allow() -> None:
    allow, other = identity(statement()), identity(statement(action="s3:PutObject"))
    assert evaluate(Identity(USER, (allow,), allow), READ).allowed
    assert "permissions boundary" in evaluate(Identity(USER, (allow,), other), READ).reason
    assert not evaluate(Identity(ROLE, (), other), READ, at_resource({"AWS": ROLE_ARN})).allowed
    assert evaluate(Identity(ROLE, (), other), READ, at_resource({"AWS": SESSION_ARN})).allowed
    assert evaluate(Identity(USER, (), other), READ, at_resource({"AWS": USER.arn})).allowed


def test_the_root_may_everything_that_no_resource_denies() -> None:
    assert evaluate(Identity(ROOT), READ).allowed
    assert evaluate(Identity(ROOT), READ, at_resource("*", "Deny")).explicit


def test_services_need_a_policy_that_names_them() -> None:
    lambda_service = Identity(service("lambda.amazonaws.com"))
    assert evaluate(lambda_service, READ, at_resource({"Service": "lambda.amazonaws.com"})).allowed
    assert not evaluate(lambda_service, READ, at_resource("*")).allowed
    assert evaluate(lambda_service, READ, at_resource("*", "Deny")).explicit


def test_a_key_must_be_opened_by_its_own_policy() -> None:
    own = Identity(ROLE, (identity(statement()),))
    assert not evaluate(own, READ, None, key_policy=True).allowed
    assert evaluate(own, READ, at_resource({"AWS": ACCOUNT}), key_policy=True).allowed
    assert not evaluate(Identity(ROLE), READ, at_resource({"AWS": ACCOUNT}), key_policy=True).allowed
    assert not evaluate(Identity(ROOT), READ, at_resource({"AWS": ROLE_ARN}), key_policy=True).allowed


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["s3:GetObject", "s3:Get*", "s3:Put*", "*"])), max_size=5))
def test_a_decision_depends_on_no_order_and_a_deny_never_helps(kinds: list[tuple[bool, str]]) -> None:
    statements = [statement("Allow" if allow else "Deny", action) for allow, action in kinds]
    covered = [allow for allow, action in kinds if action != "s3:Put*"]
    for its in (statements, statements[::-1]):
        policies = (identity(*its),) if its else ()
        assert evaluate(Identity(USER, policies), READ).allowed is (bool(covered) and all(covered))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("{", "identity"),
        ({}, "identity"),
        ({"Statement": []}, "identity"),
        ({"Version": "2026-01-01", "Statement": statement()}, "identity"),
        ({"Statement": {**statement(), "Principal": "*"}}, "identity"),
        ({"Statement": statement()}, "resource"),
        ({"Statement": statement("allow")}, "identity"),
        ({"Statement": {"Effect": "Allow", "Resource": "*"}}, "identity"),
        ({"Statement": {**statement(), "NotAction": "s3:*"}}, "identity"),
        ({"Statement": {"Effect": "Allow", "Action": "s3:*"}}, "identity"),
        ({"Statement": {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}}, "identity"),
        ({"Statement": {"Effect": "Allow", "Action": "s3:*", "NotResource": "*"}}, "identity"),
        ({"Statement": {**statement(), "NotPrincipal": "*"}}, "resource"),
        ({"Statement": statement(Principal={"Federated": "x"})}, "resource"),
        ({"Statement": statement(action="GetObject")}, "identity"),
        ({"Statement": {**statement(), "Resources": "*"}}, "identity"),
        ({"Statement": statement(Condition={"StringSimilar": {"s3:prefix": "a"}})}, "identity"),
        ({"Statement": statement(resource="arn:aws:s3:::${aws:username}/*")}, "identity"),
        ({"Statement": statement(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"})}, "resource"),
        ({"Statement": statement(Principal={"AWS": "somebody"})}, "resource"),
        ({"Statement": statement(Principal={"Service": "lambda"})}, "resource"),
        ({"Statement": statement(Principal="*")}, "trust"),
    ],
)
def test_documents_that_cannot_be_judged_are_refused(content: Any, kind: Any) -> None:
    with pytest.raises(MalformedPolicyError):
        parse_policy(content, kind)
