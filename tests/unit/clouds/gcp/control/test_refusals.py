"""Google Cloud's refusals as errors: each names resource, cause and remedy."""

from __future__ import annotations

from typing import Any

import pytest

from l3kit.clouds.gcp.control.refusals import explained, is_concurrent, is_missing, is_taken, unless_missing
from l3kit.clouds.ports.control import Refusal
from l3kit.errors import PermissionMissingError, ProvisioningError

DISABLED = {"reason": "SERVICE_DISABLED", "metadata": {"service": "run.googleapis.com"}}


def told(refusal: Refusal, hidden: tuple[str, ...] = ()) -> ProvisioningError:
    with (
        pytest.raises(ProvisioningError) as caught,
        explained("bucket x", "roles/storage.admin", hidden),
    ):
        raise refusal
    return caught.value


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (Refusal(403, "PERMISSION_DENIED", "No."), "Grant whoever runs this the role roles/storage.admin"),
        (Refusal(403, "PERMISSION_DENIED", "x", [DISABLED]), "run.googleapis.com is not enabled in the project"),
        (Refusal(403, "accessNotConfigured", "x"), "an API is not enabled in the project"),
        (Refusal(400, "FAILED_PRECONDITION", "Billing must be enabled"), "Link a billing account"),
        (Refusal(403, "x", "x", [{"reason": "BILLING_DISABLED"}]), "Link a billing account"),
        (
            Refusal(412, "conditionNotMet", "violates constraints/storage.softDeletePolicySeconds"),
            "softDeletePolicySec",
        ),
        (
            Refusal(400, "x", "violates constraints/iam.managed.allowedPolicyMembers."),
            r"policy constraints/iam\.managed\.allowedPolicyMembers forbids",
        ),
        (
            Refusal(400, "x", "denied by customConstraints/custom.noBuckets"),
            r"policy customConstraints/custom\.noBuckets ",
        ),
        (
            Refusal(400, "FAILED_PRECONDITION", "do not belong to a permitted customer"),
            "iam.allowedPolicyMemberDomains",
        ),
        (Refusal(400, "INVALID_ARGUMENT", "Bad name"), "Google Cloud refused it .INVALID_ARGUMENT: Bad name."),
        (Refusal(500), "Google Cloud refused it .500"),
    ],
)
def test_a_refusal_is_told_with_cause_and_remedy(refusal: Refusal, words: str) -> None:
    with pytest.raises(ProvisioningError, match=words):
        raise told(refusal)


def test_only_a_missing_permission_is_one() -> None:
    assert isinstance(told(Refusal(403)), PermissionMissingError)
    assert not isinstance(told(Refusal(403, "x", "x", [DISABLED])), PermissionMissingError)


def test_a_secret_in_the_clouds_words_is_not_shown() -> None:
    error = told(Refusal(400, "INVALID_ARGUMENT", 'Invalid value "to-ken" at x'), ("", "to-ken"))
    assert "to-ken" not in str(error)
    assert "(secret)" in str(error)


@pytest.mark.parametrize(
    ("refusal", "missing", "taken", "concurrent"),
    [
        (Refusal(404, "NOT_FOUND"), True, False, False),
        (Refusal(403, "x", "x", [DISABLED]), True, False, False),
        (Refusal(403, "PERMISSION_DENIED"), False, False, False),
        (Refusal(409, "ALREADY_EXISTS"), False, True, False),
        (Refusal(409, "ABORTED"), False, False, True),
        (Refusal(412, "conditionNotMet"), False, False, True),
    ],
)
def test_refusals_are_sorted_by_what_they_mean(refusal: Refusal, missing: bool, taken: bool, concurrent: bool) -> None:
    assert (is_missing(refusal), is_taken(refusal), is_concurrent(refusal)) == (missing, taken, concurrent)


def test_what_is_missing_is_none_and_any_other_refusal_passes_through() -> None:
    def refuse(refusal: Refusal) -> Any:
        raise refusal

    assert unless_missing(lambda: refuse(Refusal(404))) is None
    assert unless_missing(lambda: {"a": 1}) == {"a": 1}
    with pytest.raises(Refusal):
        unless_missing(lambda: refuse(Refusal(403)))
