"""A sandbox for the tests that need one: started once per session (and xdist worker), in a home of its own."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from l3kit import sandbox as l3kit_sandbox
from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import REGION
from l3kit.sandbox.aws.part import environment
from tests.integration.sandbox.conftest import EVERYTHING, trust


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxState]:
    """A running sandbox; `sandbox.gateway` is its address. Tests share it, so name resources uniquely."""
    home = tmp_path_factory.mktemp("sandbox")
    yield l3kit_sandbox.up(home)
    l3kit_sandbox.down(home)


@pytest.fixture(scope="session")
def all_clouds(sandbox: SandboxState) -> SandboxState:
    """The same sandbox with Azure's and Google Cloud's services started too."""
    return l3kit_sandbox.ensure_up(sandbox.home, clouds=("aws", "azure", "gcp"))


@pytest.fixture(scope="session")
def aws(sandbox: SandboxState) -> Callable[[str], Any]:
    """boto3 clients for the sandbox: `aws("dynamodb")`."""
    variables = environment(sandbox)

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=sandbox.gateway,
            region_name=REGION,
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
        )

    return client


@pytest.fixture(scope="module")
def role(aws: Callable[[str], Any]) -> str:
    """A role for functions and schedules that may do everything; made again if a test has removed it."""
    iam = aws("iam")
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):
        return str(iam.get_role(RoleName="sandbox-tests")["Role"]["Arn"])
    made = iam.create_role(RoleName="sandbox-tests", AssumeRolePolicyDocument=trust("lambda", "scheduler"))
    iam.put_role_policy(RoleName="sandbox-tests", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    return str(made["Role"]["Arn"])
