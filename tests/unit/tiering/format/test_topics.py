from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from l3kit.tiering.format.topics import FEEDBACK, TELEMETRY, device_in, device_topic


def test_a_plain_device_id_stands_in_the_topic_as_it_is() -> None:
    assert device_topic("weather", "Wien Südost 1", TELEMETRY) == "weather/Wien Südost 1/telemetry"


@given(st.text(min_size=1))
def test_any_device_id_is_one_level_without_wildcards_and_is_read_back(device_id: str) -> None:
    topic = device_topic("weather", device_id, FEEDBACK)
    assert topic.count("/") == 2
    assert not set("+#\0") & set(topic)
    assert device_in(topic) == device_id


def test_a_topic_of_one_level_names_no_device() -> None:
    assert device_in("weather") == ""
