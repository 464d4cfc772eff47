"""An identity token opens the function that it was made for, until it expires, and no other."""

from __future__ import annotations

import pytest

from l3kit.sandbox.gcp.identity import TOKEN_SECONDS, Identity

URL = "http://127.0.0.1:4000/_gcp/persister"


def test_a_token_is_good_for_its_audience_alone() -> None:
    identity = Identity()
    token = identity.token(URL, "dispatcher")
    assert identity.is_good(token, URL)
    assert identity.is_good(token, f"{URL}/")
    assert identity.function_of(token) == "dispatcher"
    assert not identity.is_good(token, URL.replace("persister", "persister-2"))
    assert not identity.is_good(token, "http://127.0.0.1:4000/_gcp")


def test_a_token_of_another_gateway_is_not_good() -> None:
    assert not Identity().is_good(Identity().token(URL, "dispatcher"), URL)


def test_a_token_expires() -> None:
    times = [1_000.0]
    identity = Identity(lambda: times[0])
    token = identity.token(URL, "dispatcher")
    times[0] += TOKEN_SECONDS - 1
    assert identity.is_good(token, URL)
    times[0] += 1
    assert not identity.is_good(token, URL)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_changed_token_is_not_good(part: int) -> None:
    identity = Identity()
    parts = identity.token(URL, "dispatcher").split(".")
    parts[part] = ("A" if parts[part][0] != "A" else "B") + parts[part][1:]
    assert not identity.is_good(".".join(parts), URL)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "\udcff.\udcff.\udcff", "é.é.é"])
def test_what_is_no_token_is_not_good(token: str) -> None:
    assert not Identity().is_good(token, URL)
