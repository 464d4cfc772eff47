"""Fixtures of the one sandbox that all tests of a process share: started once per session (and xdist worker).

`tests/conftest.py` has them for every folder. A conftest that imported them would start a sandbox for its folder alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # imported late: most tests need no sandbox
    from l3kit.sandbox import SandboxState


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxState]:
    """A running sandbox; `sandbox.gateway` is its address. Tests share it, so name resources uniquely."""
    from l3kit import sandbox as l3kit_sandbox

    home = tmp_path_factory.mktemp("sandbox")
    yield l3kit_sandbox.up(home)
    l3kit_sandbox.down(home)


@pytest.fixture(scope="session")
def all_clouds(sandbox: SandboxState) -> SandboxState:
    """The same sandbox with Azure's and Google Cloud's services started too."""
    from l3kit import sandbox as l3kit_sandbox

    return l3kit_sandbox.ensure_up(sandbox.home, clouds=("aws", "azure", "gcp"))


@pytest.fixture(scope="session")
def aws(sandbox: SandboxState) -> Callable[[str], Any]:
    """boto3 clients for the sandbox: `aws("dynamodb")`."""
    import boto3
    from botocore.config import Config

    from l3kit.sandbox.aws.account import REGION
    from l3kit.sandbox.aws.part import environment

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
