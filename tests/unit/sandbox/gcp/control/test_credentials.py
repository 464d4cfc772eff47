"""Tokens of service accounts for somebody who may act as them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.google_plane import NAME, Google

Make = Callable[..., Google]
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@pytest.fixture
def path(google: Google) -> str:
    """The path of an account as which the owner may act."""
    email = google.account("some-account")
    google.allow(f"user:{google.caller}", "roles/iam.serviceAccountTokenCreator")
    return f"v1/projects/-/serviceAccounts/{email}"


def test_an_access_token_is_the_accounts(google: Google, path: str) -> None:
    given = google.post("iamcredentials", f"{path}:generateAccessToken", {"scope": [SCOPE], "lifetime": "600s"})
    assert given["accessToken"] == f"token-of:{path.rpartition('/')[2]}"
    assert given["expireTime"].startswith("2027-01-15T08:10:00")


@pytest.mark.parametrize("body", [{}, {"scope": [SCOPE], "lifetime": "3601s"}])
def test_a_token_for_nothing_or_for_too_long_is_refused(google: Google, path: str, body: dict[str, object]) -> None:
    assert google.refused("POST", "iamcredentials", f"{path}:generateAccessToken", body).status == 400


def test_an_identity_token_has_an_audience(google: Google, path: str) -> None:
    given = google.post(
        "iamcredentials", f"{path}:generateIdToken", {"audience": "https://there", "includeEmail": True}
    )
    assert given["token"] == f"identity-of:{path.rpartition('/')[2]}:https://there"
    assert google.refused("POST", "iamcredentials", f"{path}:generateIdToken", {}).status == 400


def test_an_account_that_is_not_known_yet_has_no_tokens(make: Make) -> None:
    google = make(unknown_account_seconds=60)
    email = google.account("some-account")
    google.allow(f"user:{google.caller}", "roles/iam.serviceAccountTokenCreator")
    path = f"v1/projects/-/serviceAccounts/{email}:generateIdToken"
    assert google.refused("POST", "iamcredentials", path, {"audience": "a"}).status == 404
    google.now += 60
    assert google.post("iamcredentials", path, {"audience": "a"})["token"]


def test_being_the_owner_is_not_enough(google: Google) -> None:
    email = google.account("some-account")
    path = f"v1/projects/-/serviceAccounts/{email}:generateIdToken"
    refused = google.refused("POST", "iamcredentials", path, {"audience": "a"})
    assert (refused.status, "iam.serviceAccounts.getOpenIdToken" in refused.message) == (403, True)
    assert f"{NAME}/serviceAccounts/{email}" in refused.message
