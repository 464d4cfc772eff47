"""Tokens name whom they were made for, until they expire, and nothing else is a token."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.sandbox.gcp.account import OPERATOR
from l3kit.sandbox.gcp.identity import OPERATOR_FILE, TOKEN_SECONDS, Tokens, keep_operator_token, operator_token

URL = "http://127.0.0.1:4000/_gcp/persister"
EMAIL = "mover@l3kit-sandbox.iam.gserviceaccount.com"
TOKENS = Tokens()
MADE = [TOKENS.access_token(EMAIL), TOKENS.identity_token(EMAIL, URL)]


def test_an_access_token_names_its_owner_until_it_expires() -> None:
    times = [1_000.0]
    tokens = Tokens(lambda: times[0])
    token = tokens.access_token(EMAIL)
    times[0] += TOKEN_SECONDS - 1
    assert tokens.email_of(token) == EMAIL
    times[0] += 1
    assert tokens.email_of(token) is None


def test_an_identity_token_is_good_for_its_audience_alone() -> None:
    token = TOKENS.identity_token(EMAIL, URL)
    assert TOKENS.caller_of(token, URL) == EMAIL
    assert TOKENS.caller_of(token, f"{URL}/") == EMAIL
    assert TOKENS.caller_of(token, URL.replace("persister", "persister-2")) is None
    assert TOKENS.caller_of(token, "http://127.0.0.1:4000/_gcp") is None


def test_an_identity_token_expires() -> None:
    times = [1_000.0]
    tokens = Tokens(lambda: times[0])
    token = tokens.identity_token(EMAIL, URL)
    times[0] += TOKEN_SECONDS - 1
    assert tokens.caller_of(token, URL) == EMAIL
    times[0] += 1
    assert tokens.caller_of(token, URL) is None


def test_tokens_of_another_gateway_and_of_the_other_kind_are_not_good() -> None:
    access, identity = MADE
    assert Tokens().email_of(access) is None
    assert Tokens().caller_of(identity, URL) is None
    assert TOKENS.email_of(identity) is None
    assert TOKENS.caller_of(access, URL) is None


@pytest.mark.parametrize("token", MADE, ids=["access", "identity"])
@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_changed_token_is_not_good(token: str, part: int) -> None:
    parts = token.split(".")
    part = min(part, len(parts) - 1)
    parts[part] = ("A" if parts[part][0] != "A" else "B") + parts[part][1:]
    assert TOKENS.email_of(".".join(parts)) is None
    assert TOKENS.caller_of(".".join(parts), URL) is None


@given(st.one_of(st.text(), st.text("ya29.ABCxyz-_=\0", max_size=80), st.builds("ya29.{}".format, st.text())))
def test_what_is_no_token_is_nobodys(token: str) -> None:
    assert TOKENS.email_of(token) is None
    assert TOKENS.caller_of(token, URL) is None


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "\udcff.\udcff.\udcff", "é.é.é", "ya29.\udcff", "ya29.é"])
def test_what_cannot_even_be_encoded_is_nobodys(token: str) -> None:
    assert TOKENS.email_of(token) is None
    assert TOKENS.caller_of(token, URL) is None


def test_the_operators_token_is_kept_for_its_user_alone_and_never_expires(tmp_path: Path) -> None:
    times = [1_000.0]
    tokens = Tokens(lambda: times[0])
    keep_operator_token(tokens, tmp_path)
    times[0] += 1e9
    assert tokens.email_of(operator_token(tmp_path)) == OPERATOR
    assert stat.S_IMODE((tmp_path / OPERATOR_FILE).stat().st_mode) == 0o600
