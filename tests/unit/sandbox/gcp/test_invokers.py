"""Cloud Run lets in whoever the policies of the service name, by an identity token for its address."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from l3kit.sandbox.functions.record import Definition, FunctionRecord, Keys
from l3kit.sandbox.gcp.account import service
from l3kit.sandbox.gcp.guard import Judge
from l3kit.sandbox.gcp.identity import Tokens
from l3kit.sandbox.gcp.invokers import INVOKE, Invokers
from tests.support.google_roles import ALL, Roles

URL = "http://127.0.0.1:4000/_gcp/writer"
CALLER, OTHER = (f"{name}@l3kit-sandbox.iam.gserviceaccount.com" for name in ("caller", "other"))
TOKENS = Tokens()
DEFINITION = Definition({}, {}, 60, False, ())
WRITER = FunctionRecord("gcp", "writer", DEFINITION, "", Path("x"), Path("y"), Keys())
OPEN = FunctionRecord("gcp", "open", Definition({}, {}, 60, True, ()), "", Path("x"), Path("y"), Keys())


def may(*emails: str) -> Roles:
    return Roles({email: {INVOKE: {service("writer")}} for email in emails})


def invokers(judge: Judge) -> Invokers:
    return Invokers(TOKENS, judge)


def asked(found: Invokers, authorization: str | None, record: FunctionRecord = WRITER) -> int:
    headers = {} if authorization is None else {"Authorization": authorization}
    refusal = found.refusal(make_mocked_request("POST", "/_gcp/writer/", headers=headers), record, URL)
    return refusal.status if refusal is not None else 200


def token(email: str, audience: str = URL) -> str:
    return f"Bearer {TOKENS.identity_token(email, audience)}"


def test_an_account_with_the_permission_is_let_in_and_no_other() -> None:
    found = invokers(may(CALLER))
    assert asked(found, token(CALLER)) == 200
    assert asked(found, token(OTHER)) == 403
    assert asked(invokers(Roles({})), token(CALLER)) == 403


def test_the_token_must_be_an_identity_token_for_this_address() -> None:
    found = invokers(may(CALLER))
    assert asked(found, token(CALLER, URL.replace("writer", "reader"))) == 401
    assert asked(found, f"Bearer {Tokens().identity_token(CALLER, URL)}") == 401
    assert asked(found, f"Bearer {TOKENS.access_token(CALLER)}") == 403


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Basic x", pytest.param(f"Bearer {WRITER.keys.function}", id="key")]
)
def test_without_a_token_it_is_refused_and_no_key_stands_for_one(authorization: str | None) -> None:
    assert asked(invokers(may(CALLER)), authorization) == 403


def test_an_expired_token_is_refused() -> None:
    times = [1_000.0]
    tokens = Tokens(lambda: times[0])
    found = Invokers(tokens, may(CALLER))
    header = f"Bearer {tokens.identity_token(CALLER, URL)}"
    assert asked(found, header) == 200
    times[0] += 3_600
    assert asked(found, header) == 401


def test_where_all_users_may_invoke_it_no_token_is_asked_for() -> None:
    assert asked(invokers(may(ALL)), None) == 200
    assert invokers(may(ALL)).admits_all(WRITER)
    assert not invokers(may(CALLER)).admits_all(WRITER)


def test_the_control_planes_policies_alone_open_a_function() -> None:
    """Not what its definition says."""
    assert asked(invokers(Roles({})), None, OPEN) == 403


@given(st.one_of(st.text(), st.builds("Bearer {}".format, st.text("aA0.-_=é ", max_size=120))))
def test_nothing_in_the_header_opens_it(authorization: str) -> None:
    assert asked(invokers(may(CALLER)), authorization) in (401, 403)
