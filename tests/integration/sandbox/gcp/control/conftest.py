"""The sandbox's own control plane of Google Cloud, called by plain requests as the project's owner."""

from __future__ import annotations

import pytest

from l3kit.sandbox import SandboxState, ensure_up
from l3kit.sandbox.gcp.account import NAME
from l3kit.sandbox.gcp.identity import operator_token
from l3kit.sandbox.state import Home
from tests.integration.sandbox.gcp.control.owner import Owner


@pytest.fixture(scope="session")
def google_cloud(sandbox: SandboxState) -> SandboxState:
    """The sandbox with Google Cloud's services started too."""
    return ensure_up(sandbox.home, clouds=("gcp",))


@pytest.fixture(scope="session")
def google(google_cloud: SandboxState) -> Owner:
    """The owner of the project, in which all APIs that functions need are enabled."""
    owner = Owner(google_cloud.endpoints["gcp_control"], operator_token(Home(google_cloud.home).cloud(NAME)))
    owner.enable()
    return owner
