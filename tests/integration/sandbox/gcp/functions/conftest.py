"""A gateway that serves functions, and a function that does what it is asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.sandbox.gcp.functions.functions import MAIN
from tests.support.cloud_functions import World, gcp_zip, serving


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("gcp")) as served:
        yield served


@pytest.fixture(scope="session")
def url(world: World) -> str:
    """The address of a function that anybody may call."""
    address = world.put("gcp", "the-function", gcp_zip(MAIN), public=True, settings={"MINE": "ä"}).url
    assert address == f"{world.endpoint}/_gcp/the-function"
    return address
