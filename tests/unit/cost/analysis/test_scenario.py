"""A scenario's file: its sample and its prices are found beside it, and what is no scenario is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from l3kit.cost.analysis.scenario import load_scenario
from l3kit.errors import ConfigurationError
from tests.unit.cost.analysis.test_compression import WEATHER
from tests.unit.cost.scenarios import GOOD


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text(GOOD)
    return path


@pytest.mark.slow
def test_ratios_are_measured_on_the_sample_unless_they_are_given(file: Path) -> None:
    file.write_text(GOOD + f"compression: zstd\nsample: {WEATHER}\n")
    scenario = load_scenario(file)
    assert scenario.measured is not None
    assert scenario.workload.at_rest_ratio == scenario.measured.at_rest["zstd"] < Decimal("0.2")
    assert scenario.workload.wire_ratio == scenario.measured.wire
    file.write_text(GOOD + f"compression: zstd\nsample: {WEATHER}\nwire_ratio: 0.5\n")
    assert load_scenario(file).workload.wire_ratio == Decimal("0.5")


def test_a_sample_may_be_lines_of_json(file: Path) -> None:
    lines = "\n".join(json.dumps({"iotDeviceId": "d", "id": f"{n:04d}", "v": 1}) for n in range(200))
    (file.parent / "mine.jsonl").write_text(lines)
    file.write_text(GOOD + "compression: gzip\nsample: mine.jsonl\n")
    assert load_scenario(file).workload.at_rest_ratio < Decimal("0.3")


def test_prices_of_ones_own_are_found_beside_the_file(file: Path) -> None:
    (file.parent / "mine.yaml").write_text(
        "provider: aws\nregions:\n  us-east-1:\n    dynamodb:\n      on_demand:\n"
        "        write_unit: {value: 0, unit: USD per million WRU, source: a gift}\n"
    )
    file.write_text(GOOD + "prices: mine.yaml\n")
    assert load_scenario(file).bill().by_part()["ingest"].known == 0


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    with pytest.raises(ConfigurationError, match=r"x\.yaml: cannot be read"):
        load_scenario(path)
    path.write_text("- a\n")
    with pytest.raises(ConfigurationError, match="not a table"):
        load_scenario(path)
    path.write_text("a: [\n")
    with pytest.raises(ConfigurationError, match="not YAML"):
        load_scenario(path)
