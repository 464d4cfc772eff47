"""The example's readings: part of them are published as messages, the others are loaded, and none is both."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.examples.prepare import example_readings, write_readings
from l3kit.operate.load.items import read_items
from l3kit.twin.config import Twin

TWINS = Path(__file__).parents[3] / "params" / "twins"
STATIONS = Twin.load(TWINS / "weather-stations")
NEWEST = datetime(2014, 1, 1, tzinfo=UTC)


@pytest.mark.slow
def test_what_is_published_and_what_is_loaded_are_together_every_reading_once() -> None:
    published = example_readings(STATIONS, NEWEST, last=24)
    loaded = example_readings(STATIONS, NEWEST, but_last=24)
    assert Counter(one.device_id for one in published) == {"EWR": 24, "JFK": 24, "LGA": 24}
    assert {*loaded, *published} == set(example_readings(STATIONS, NEWEST))
    assert len(set(loaded) & set(published)) == 0
    assert {one.device_id for one in example_readings(STATIONS, NEWEST, but_last=24, devices=["JFK"])} == {"JFK"}


def test_readings_that_are_written_are_read_again_to_the_last_byte(tmp_path: Path) -> None:
    readings = example_readings(STATIONS, NEWEST, last=24)
    assert read_items(write_readings(tmp_path / "readings.jsonl", readings), {}) == readings


def test_only_the_example_twins_bring_data() -> None:
    with pytest.raises(ConfigurationError, match=r"twin crash-lab: has no nyc_weather_2013.csv.gz"):
        example_readings(Twin.load(TWINS / "crash-lab"), NEWEST)


def test_the_stations_have_a_message_chain() -> None:
    assert STATIONS.layout.l1
    assert STATIONS.layout.l2
