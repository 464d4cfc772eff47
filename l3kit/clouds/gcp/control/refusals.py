"""Google Cloud's refusals, sorted by what they mean, and as errors that name cause and remedy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from l3kit.clouds.ports.control import Refusal
from l3kit.errors import PermissionMissingError, ProvisioningError

T = TypeVar("T")
AGAIN = "Resolve the cause, then apply again; it continues from here"
BILLING = "Link a billing account to the project in Google Cloud's console, then apply again"
_DISABLED = frozenset({"SERVICE_DISABLED", "accessNotConfigured"})
_NO_BILLING = re.compile(r"billing", re.IGNORECASE)
_POLICY = re.compile(r"(?:c|customC)onstraints/[A-Za-z]\w*(?:\.\w+)+")


def reasons(refusal: Refusal) -> frozenset[str]:
    """Return the reasons in the details, such as `SERVICE_DISABLED`, and the code."""
    return frozenset({refusal.code, *(str(one["reason"]) for one in refusal.details if one.get("reason"))})


def is_missing(refusal: Refusal) -> bool:
    """Return whether there is no such resource; where the API is not enabled there can be none."""
    return refusal.status == 404 or is_disabled(refusal)


def is_disabled(refusal: Refusal) -> bool:
    """Return whether the project has not enabled the API."""
    return bool(reasons(refusal) & _DISABLED)


def is_taken(refusal: Refusal) -> bool:
    """Return whether the name is in use."""
    return refusal.status == 409 and refusal.code != "ABORTED"


def is_concurrent(refusal: Refusal) -> bool:
    """Return whether another change came first, so that what was read must be read again."""
    return refusal.status == 412 or (refusal.status == 409 and refusal.code != "ALREADY_EXISTS")


def unless_missing(call: Callable[[], T]) -> T | None:
    """Return what a call returns; None if the resource is missing. Raises: Refusal."""
    try:
        return call()
    except Refusal as refusal:
        if is_missing(refusal):
            return None
        raise


@contextmanager
def explained(resource: str, role: str, hidden: Sequence[str] = ()) -> Iterator[None]:
    """Turn refusals into errors.

    Args:
        role: the role that allows this, and its scope.
        hidden: texts that no message may show, such as tokens.
    Raises: PermissionMissingError, ProvisioningError.
    """
    try:
        yield
    except Refusal as refusal:
        raise error_of(resource, role, refusal, hidden) from None


def error_of(resource: str, role: str, refusal: Refusal, hidden: Sequence[str] = ()) -> ProvisioningError:
    """Return the error that a refusal means."""
    said = _without(refusal.message, hidden)
    if is_disabled(refusal):
        api = next((str(one["metadata"]["service"]) for one in refusal.details if _names_a_service(one)), "an API")
        cause = f"{api} is not enabled in the project"
        return ProvisioningError(resource, cause, "Apply again in a minute; enabling takes effect late")
    if "BILLING_DISABLED" in reasons(refusal) or (refusal.status in (400, 403) and _NO_BILLING.search(said)):
        return ProvisioningError(resource, f"the project has no billing account ({said})", BILLING)
    constraint = _POLICY.search(said) or next(filter(None, (_POLICY.search(str(one)) for one in refusal.details)), None)
    if constraint or "permitted customer" in said:
        policy = constraint[0] if constraint else "constraints/iam.allowedPolicyMemberDomains"
        cause = f"the organization's policy {policy} forbids it ({said})"
        return ProvisioningError(resource, cause, "Ask the organization's administrator for an exception")
    if refusal.status == 403:
        cause = f"the credentials may not do this ({said or refusal.code})"
        return PermissionMissingError(resource, cause, f"Grant whoever runs this the role {role}")
    return ProvisioningError(resource, f"Google Cloud refused it ({refusal.code or refusal.status}: {said})", AGAIN)


def _names_a_service(detail: Any) -> bool:
    return isinstance(detail.get("metadata"), dict) and "service" in detail["metadata"]


def _without(text: str, hidden: Sequence[str]) -> str:
    for secret in sorted((one for one in hidden if one.strip()), key=len, reverse=True):
        text = text.replace(secret, "(secret)")
    return text
