"""Lines with the figures of runs, as Cloud Logging takes them."""

from __future__ import annotations

import json

from l3kit.clouds.gcp.data.measure_lines import measure_line


def test_a_line_has_the_figures_under_one_name_that_logging_does_not_take_for_its_own() -> None:
    assert json.loads(measure_line("plant", {"Severity": 2, "LagDays": 3.5}, "mover")) == {
        "l3kit": {"twin": "plant", "mover": "mover", "Severity": 2, "LagDays": 3.5}
    }
    assert "mover" not in measure_line("plant", {"DeadLetters": 1})
