"""The sandbox's own control plane of Google Cloud, called by plain requests as the project's owner."""

from __future__ import annotations

import pytest

from l3kit.sandbox import SandboxState
from l3kit.sandbox.gcp.account import NAME
from l3kit.sandbox.gcp.identity import operator_token
from l3kit.sandbox.state import Home
from tests.integration.sandbox.gcp.control.owner import Owner


@pytest.fixture(scope="session")
def google(all_clouds: SandboxState) -> Owner:
    """The owner of the project, in which all APIs that functions need are enabled."""
    owner = Owner(all_clouds.endpoints["gcp_control"], operator_token(Home(all_clouds.home).cloud(NAME)))
    owner.enable()
    return owner
