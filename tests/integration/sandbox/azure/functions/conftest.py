"""A gateway that serves function apps, and an app with routes of every kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.sandbox.azure.functions.apps import WHEN, whole_app
from tests.support.cloud_functions import World, serving


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("azure")) as served:
        yield served


@pytest.fixture(scope="session")
def app(world: World) -> str:
    """The address of an app with routes of every kind."""
    url = world.put("azure", "the-app", whole_app(), settings={**WHEN, "MINE": "ä"}).url
    assert url == f"{world.endpoint}/_azure/the-app"
    return url
