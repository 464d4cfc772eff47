"""What hypothesis and schemathesis draw in a run can be drawn again, and a busy machine fails no drawn test."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, core, settings

from tests.conftest import SEED_OPTION


def test_every_run_has_a_seed_that_its_summary_tells(pytestconfig: pytest.Config) -> None:
    assert int(pytestconfig.getoption(SEED_OPTION)) == core.global_force_seed


def test_no_drawn_test_is_wrong_because_the_machine_is_busy() -> None:
    """Settings that a test makes for itself begin with these."""
    assert settings.default is not None
    assert settings.default.deadline is None
    assert HealthCheck.too_slow in settings.default.suppress_health_check
