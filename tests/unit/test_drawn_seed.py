"""What hypothesis and schemathesis draw in a run can be drawn again."""

from __future__ import annotations

import pytest
from hypothesis import core

from tests.conftest import SEED_OPTION


def test_every_run_has_a_seed_that_its_summary_tells(pytestconfig: pytest.Config) -> None:
    assert int(pytestconfig.getoption(SEED_OPTION)) == core.global_force_seed
