"""AWS as a session reaches it: what it tells of a deployed writer, and what it does not tell to whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from l3kit.clouds.aws.cloud import AwsCloud
from l3kit.clouds.aws.session import CONTROL_READ_TIMEOUT, AwsSession
from l3kit.errors import PermissionMissingError
from l3kit.twin.config import Twin
from l3kit.twin.connections import DeployedWriter
from tests.integration.aws.conftest import write_twin

URL = "https://abc.lambda-url.us-east-1.on.aws/"
VARIABLES = {"INTER_CLOUD_TOKEN": "secret-token"}
CONFIGURATION = {
    "FunctionName": "plant-cold-writer",
    "Runtime": "python3.13",
    "Role": "arn:aws:iam::123456789012:role/r",
    "MemorySize": 512,
    "Timeout": 60,
    "CodeSha256": "",
}


class Lambda:
    """One function, or the refusal to tell of it."""

    def __init__(self, told: dict[str, Any] | str, url: str = "") -> None:
        self._told, self._url = told, url

    def get_function(self, FunctionName: str) -> dict[str, Any]:
        assert FunctionName == "plant-cold-writer"
        if isinstance(self._told, str):
            raise ClientError({"Error": {"Code": self._told, "Message": "no"}}, "GetFunction")
        return self._told

    def get_function_url_config(self, FunctionName: str) -> dict[str, Any]:
        if not self._url:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetFunctionUrlConfig")
        return {"FunctionUrl": self._url}


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    write_twin(tmp_path, "plant", "azure", "aws", "aws", ["pump-1"])
    return Twin.load(tmp_path)


def writer(twin: Twin, client: Lambda) -> DeployedWriter | None:
    clients = {("lambda", CONTROL_READ_TIMEOUT, 6): client}
    cloud = AwsCloud(AwsSession("us-east-1", "123456789012", None, None, clients))
    assert cloud is not None
    return cloud.writer(twin, "cold-writer")


def described(environment: dict[str, Any], owner: str = "plant") -> dict[str, Any]:
    return {"Tags": {"l3kit:twin": owner}, "Configuration": {**CONFIGURATION, "Environment": environment}}


def test_a_writer_is_told_with_its_address_and_variables(twin: Twin) -> None:
    there = described({"Variables": VARIABLES})
    assert writer(twin, Lambda(there, URL)) == DeployedWriter(URL, VARIABLES)
    assert writer(twin, Lambda(there)) == DeployedWriter("", VARIABLES)
    assert "secret" not in repr(writer(twin, Lambda(there, URL)))


def test_a_function_that_is_missing_or_somebody_elses_is_no_writer_of_this_twin(twin: Twin) -> None:
    assert writer(twin, Lambda("ResourceNotFoundException")) is None
    assert writer(twin, Lambda(described({"Variables": VARIABLES}, "another"), URL)) is None
    untagged = {name: told for name, told in described({"Variables": VARIABLES}).items() if name != "Tags"}
    assert writer(twin, Lambda(untagged, URL)) is None


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("AccessDeniedException", "GetFunction is not allowed"),
        (described({"Error": {"ErrorCode": "AccessDeniedException"}}), r"its variables cannot be read .*kms:Decrypt"),
    ],
)
def test_variables_that_may_not_be_read_are_not_taken_for_none(
    twin: Twin, told: dict[str, Any] | str, words: str
) -> None:
    with pytest.raises(PermissionMissingError, match=words):
        writer(twin, Lambda(told, URL))
