"""Errors of boto3 as ours."""

from __future__ import annotations

import pytest

from l3kit.clouds.aws.control.calls import explained
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.errors import PermissionMissingError, ProvisioningError
from tests.support.slow_aws import refusal


@pytest.mark.parametrize(
    ("operation", "code", "kind"),
    [
        ("CreateRole", "EntityAlreadyExists", AlreadyThereError),
        ("UpdateTable", "ResourceInUseException", ProvisioningError),
        ("GetRole", "AccessDenied", PermissionMissingError),
        ("GetRole", "ExpiredToken", PermissionMissingError),
    ],
)
def test_boto3s_errors_become_ours(operation: str, code: str, kind: type[Exception]) -> None:
    with pytest.raises(ProvisioningError) as caught, explained("role r"):
        raise refusal(operation, code, "told")
    assert type(caught.value) is kind
    assert operation in str(caught.value)
