"""A project of Google Cloud in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from l3kit.clouds.gcp.control.accounts import ServiceAccount
from l3kit.clouds.gcp.control.function_grants import build_roles
from l3kit.clouds.gcp.control.policies import change, project_policy, with_held
from l3kit.sandbox.gcp.control.settings import PlaneSettings
from tests.support.control_plane import Cloud
from tests.support.google_plane import EVERY_API


def make_accounts(cloud: Cloud, *names: str) -> None:
    """Make accounts of the twin `plant`, and the one that builds its functions with its roles."""
    for name in ("build", "invoker", *names):
        ServiceAccount(cloud.place, cloud.place.names("plant").account(name), "plant", "Tests").create()
    names_there = cloud.place.names("plant")
    member = f"serviceAccount:{names_there.email('build')}"
    roles = build_roles(names_there)
    change(cloud.place, project_policy(cloud.place), lambda policy: with_held(policy, member, roles))


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    made = Cloud(PlaneSettings(enabled=EVERY_API))
    yield made
    made.close()
