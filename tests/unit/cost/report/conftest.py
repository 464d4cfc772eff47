"""First pages of a bill that is whole and of one with an unknown price."""

from __future__ import annotations

import pytest

from l3kit.cost.report.front_page import FrontPage
from tests.unit.cost.report.front_pages import page
from tests.unit.cost.scenarios import UNKNOWN_WRITES, scenario


@pytest.fixture(scope="module")
def whole() -> FrontPage:
    return page(scenario())


@pytest.fixture(scope="module")
def incomplete(tmp_path_factory: pytest.TempPathFactory) -> FrontPage:
    return page(scenario(prices=UNKNOWN_WRITES, folder=tmp_path_factory.mktemp("prices")))
