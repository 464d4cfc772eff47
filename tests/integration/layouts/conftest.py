"""A session on a sandbox with all three clouds, and twins of any layout."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from l3kit.deploy import apply, plan
from l3kit.providers import BUILT_IN
from l3kit.sandbox import SandboxState
from l3kit.session import Session, sandbox_session
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, make_twin, saved_links
from tests.integration.layouts.writers import ARCHIVE, COLD, KEY_FAULTS, Writers, sender
from tests.support.protocol_requests import SCHEMA, Endpoint

__all__ = ["make_twin"]


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


@pytest.fixture(scope="module")
def receivers(cloud: str, clouds: Session, make_twin: MakeTwin) -> Mapping[str, Twin]:
    """A twin with a cold writer on this cloud, and one with an archive writer."""
    other = sender(cloud)
    twins = {COLD: make_twin(other, cloud, cloud), ARCHIVE: make_twin(other, other, cloud)}
    for twin in twins.values():
        apply(plan(twin, clouds, clouds={cloud}), clouds)
    return twins


@pytest.fixture(scope="module")
def writers(cloud: str, clouds: Session, receivers: Mapping[str, Twin]) -> Writers:
    other = sender(cloud)
    links = {COLD: f"{other}_l3hot_to_{cloud}_l3cold", ARCHIVE: f"{other}_l3cold_to_{cloud}_l3archive"}
    return {
        path: Endpoint(SCHEMA[path]["POST"], saved_links(clouds, receivers[path])[link], KEY_FAULTS[cloud])
        for path, link in links.items()
    }
