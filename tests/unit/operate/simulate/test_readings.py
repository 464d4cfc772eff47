from __future__ import annotations

import itertools
import json

from l3kit.operate.simulate.readings import simulated

NOON = 1_767_268_800.0


def readings(count: int, seed: int = 0, digits: int = 0, clock: float = NOON) -> list[dict[str, object]]:
    made = simulated(["a", "b"], seed, digits, lambda: clock)
    return [json.loads(message.body) for message in itertools.islice(made, count)]


def test_devices_take_turns_and_their_readings_are_plausible() -> None:
    made = readings(1000)
    assert [one["iotDeviceId"] for one in made[:4]] == ["a", "b", "a", "b"]
    for one in made:
        assert -10 < float(str(one["temperature"])) < 40
        assert 20 < float(str(one["humidity"])) < 100
        assert 990 < float(str(one["pressure"])) < 1030


def test_a_seed_gives_the_same_readings_and_another_gives_others() -> None:
    assert readings(20) == readings(20)
    assert readings(20)[0]["temperature"] != readings(20, seed=1)[0]["temperature"]


def test_no_two_readings_of_a_device_have_one_time_however_fast_it_sends() -> None:
    times = [one["id"] for one in readings(6)]
    assert times == [f"2026-01-01T12:00:0{second}Z" for second in (0, 0, 1, 1, 2, 2)]


def test_times_have_the_twins_digits() -> None:
    assert readings(1, digits=3, clock=NOON + 0.1239)[0]["id"] == "2026-01-01T12:00:00.123Z"
