"""The roles that the provisioner on AWS gives the functions of a twin with feedback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.aws.control.provisioner import AwsProvisioner
from l3kit.clouds.aws.control.roles import Role
from tests.support.deployed import links_of
from tests.support.slow_aws import Client, context, refusal
from tests.support.twins import twin_on

NO_KEY = refusal("GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError")


def may_publish(folder: Path, chain: tuple[str, str], function: str, *, feedback: bool) -> bool:
    where, _ = context("s3", Client(get_bucket_encryption=[NO_KEY]))
    twin = twin_on(folder, "aws", "aws", "aws", chain=chain, feedback=feedback)
    role, *_ = AwsProvisioner(twin, where.aws, links_of(twin)).function_parts(function, tuple)
    assert isinstance(role, Role)
    statements: list[dict[str, Any]] = role.policy()["Statement"]
    return any("iot:Publish" in statement["Action"] for statement in statements)


@pytest.mark.parametrize(
    ("chain", "function", "feedback", "expected"),
    [
        (("aws", "aws"), "event-checker", True, True),
        (("aws", "aws"), "event-checker", False, False),
        (("azure", "aws"), "event-checker", True, False),
        (("aws", "azure"), "feedback-receiver", True, True),
        (("aws", "azure"), "dispatcher", True, False),
        (("aws", "azure"), "connector", True, False),
    ],
)
def test_who_answers_devices_may_publish_to_them_and_nobody_else(
    tmp_path: Path, chain: tuple[str, str], function: str, feedback: bool, expected: bool
) -> None:
    assert may_publish(tmp_path, chain, function, feedback=feedback) == expected
