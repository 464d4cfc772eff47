"""A session on a sandbox with all three clouds, and twins of any layout."""

from __future__ import annotations

import pytest

from l3kit.providers import BUILT_IN
from l3kit.sandbox import SandboxState
from l3kit.session import Session, sandbox_session
from tests.integration.aws.conftest import make_twin
from tests.integration.conftest import all_clouds, aws, sandbox

__all__ = ["all_clouds", "aws", "make_twin", "sandbox"]


@pytest.fixture(scope="session")
def clouds(all_clouds: SandboxState) -> Session:
    """A session that reaches AWS, Azure and Google Cloud."""
    return sandbox_session(all_clouds)


@pytest.fixture(scope="module", params=[pytest.param(p, marks=[pytest.mark.slow] * (p != "aws")) for p in BUILT_IN])
def cloud(request: pytest.FixtureRequest) -> str:
    """Where the writers are; their senders would be on the next cloud. `make test` asks those on AWS, whose limits are
    the narrowest."""
    name: str = request.param
    return name
