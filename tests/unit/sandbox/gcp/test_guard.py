"""Calls are judged by the token they carry."""

from __future__ import annotations

import pytest

from l3kit.sandbox.gcp.guard import Caller, Guard, Problem
from l3kit.sandbox.gcp.identity import Tokens
from tests.support.google_roles import ALL, Roles

EMAIL = "mover@l3kit-sandbox.iam.gserviceaccount.com"
DATABASE, BUCKET = "projects/p/databases/d", "projects/_/buckets/b"
TOKENS = Tokens()


def guard(**allowed: set[str]) -> Guard:
    return Guard(TOKENS, Roles({EMAIL: allowed}))


def asked(guard: Guard, authorization: str | None, resource: str = DATABASE, *permissions: str) -> Problem | None:
    caller = guard.caller(authorization)
    return guard.problem(caller, permissions or ("read",), resource) if isinstance(caller, Caller) else caller


def test_a_permission_is_asked_of_the_judge_and_named_where_it_is_lacking() -> None:
    judged = guard(read={DATABASE})
    header = f"Bearer {TOKENS.access_token(EMAIL)}"
    assert asked(judged, header) is None
    assert asked(judged, header, BUCKET) == Problem("denied", EMAIL, "read")
    assert asked(judged, header, DATABASE, "read", "write") == Problem("denied", EMAIL, "write")


@pytest.mark.parametrize(
    "header",
    [
        "Bearer x",
        "Bearer",
        "bearer ya29.",
        "Basic owner",
        "Bearer owner",
        "owner",
        pytest.param(f"Token {TOKENS.access_token(EMAIL)}", id="scheme"),
    ],
)
def test_what_is_no_token_of_this_gateway_is_invalid(header: str) -> None:
    assert asked(guard(read={DATABASE}), header) == Problem("invalid")


def test_an_expired_token_is_invalid_and_a_new_one_is_not() -> None:
    times = [0.0]
    tokens = Tokens(lambda: times[0])
    judged = Guard(tokens, Roles({EMAIL: {"read": {DATABASE}}}))
    header = f"Bearer {tokens.access_token(EMAIL)}"
    times[0] = 3600.0
    assert asked(judged, header) == Problem("invalid")
    assert asked(judged, f"Bearer {tokens.access_token(EMAIL)}") is None


@pytest.mark.parametrize("header", [None, ""])
def test_without_a_token_it_is_missing(header: str | None) -> None:
    assert guard().caller(header) == Caller(None)
    assert asked(guard(read={BUCKET}), header, BUCKET) == Problem("missing", "", "read")


def test_what_the_judge_opens_to_all_needs_no_token() -> None:
    judged = Guard(TOKENS, Roles({ALL: {"read": {BUCKET}}}))
    assert asked(judged, None, BUCKET) is None
    assert asked(judged, "Bearer x", BUCKET) == Problem("invalid")
