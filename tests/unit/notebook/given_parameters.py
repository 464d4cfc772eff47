"""Parameters that are good, and the problem of those that are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from l3kit.errors import ConfigurationError
from l3kit.notebook.parameter_model import Parameters, check

ROOT = Path(__file__).parents[3]
GOOD: dict[str, Any] = {
    "twin": "params/twins/nyc-weather",
    "target": "sandbox",
    "sandbox": "x",
    "fresh": True,
    "aws_region": "us-east-1",
    "aws_profile": "",
    "result_path": "",
}
MOVERS = {**GOOD, "as_of": "2014-01-01T00:00:00Z", "prepare": True, "replay_days": 0, "replay_every_days": 30}


def problem(model: type[Parameters], given: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        check(model, given)
    return str(caught.value)
