"""Which column is the device, which the time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from l3kit.errors import ConfigurationError
from l3kit.operate.load.columns import Columns


@pytest.mark.parametrize(
    ("names", "device", "time"),
    [
        (["iotDeviceId", "id", "time"], "iotDeviceId", "id"),
        (["deviceId", "timestamp", "v"], "deviceId", "timestamp"),
        (["Device ID", "Date-Time", "v"], "Device ID", "Date-Time"),
        (["v", "TS", "sensor_id"], "sensor_id", "TS"),
        (["device_id", "id"], "device_id", "id"),
    ],
)
def test_device_and_time_are_found_by_name(names: Sequence[str], device: str, time: str) -> None:
    found = Columns().of_table(names, "a.csv:1")
    assert (found.device, found.time) == (device, time)


@pytest.mark.parametrize(
    ("names", "cause"),
    [
        (
            ["a", "time"],
            r"a\.csv:1: no column is the device by its name\. Name it with --device.*columns are 'a', 't",
        ),
        (["device", "b"], "no column is the time by its name. Name it with --time"),
        (["device", "sensor", "time"], "'device' and 'sensor' could be the device"),
        (["device", "id", "timestamp"], "'id' and 'timestamp' could be the time"),
    ],
)
def test_what_cannot_be_found_is_told_with_the_flag(names: Sequence[str], cause: str) -> None:
    with pytest.raises(ConfigurationError, match=cause):
        Columns().of_table(names, "a.csv:1")


def test_options_win_over_names_and_choose_and_rename_members() -> None:
    columns = Columns(device="station", time="when", rename={"t": "temp"}, value=["t", "device"], drop=["x"])
    found = columns.of_table(["station", "when", "device", "t", "x", "more"], "a.csv:1")
    assert (found.device, found.time) == ("station", "when")
    assert found.members == (("device", '"device"'), ("t", '"temp"'))


def test_a_column_may_not_take_a_name_of_items_or_of_another() -> None:
    names = ["device", "time", "id", "a"]
    with pytest.raises(ConfigurationError, match=r"'id' cannot keep the name 'id'.*--rename id=another"):
        Columns(time="time").of_table(names, "a.csv:1")
    assert Columns(time="time", drop=["id"]).of_table(names, "a.csv:1").members == (("a", '"a"'),)
    with pytest.raises(ConfigurationError, match="two columns would be called 'a'"):
        Columns(time="time", rename={"id": "a"}).of_table(names, "a.csv:1")


def test_a_given_column_that_a_table_lacks_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"a.csv:1: column 'tmie': is not there. did you mean time"):
        Columns(time="tmie").of_table(["device", "time"], "a.csv:1")


def test_a_given_column_that_no_row_has_is_told() -> None:
    columns = Columns(rename={"tmep": "temp"}, drop=["x"])
    columns.of_row({"device": "", "time": "", "temp": ""})
    assert columns.unseen() == ["tmep", "x"]
    columns.of_row({"device": "", "time": "", "x": ""})
    assert columns.unseen() == ["tmep"]


def test_columns_of_a_bad_rows_file_are_left_out() -> None:
    found = Columns().of_table(["l3kit_line", "l3kit_problem", "device", "time"], "a.bad.csv:1")
    assert found.members == ()


def test_one_device_of_all_rows_needs_no_column() -> None:
    assert Columns(device_id="pump-1").of_table(["time", "v"], "a.csv:1").device == ""


def test_attributes_of_a_table_may_have_any_name() -> None:
    found = Columns().with_names(("deviceId", "ts", "l3kit_x"), "table x").of_row(("deviceId", "ts", "l3kit_x"))
    assert found.members == (("l3kit_x", '"l3kit_x"'),)


def test_a_name_that_an_attribute_had_before_may_be_renamed_to_the_present_one() -> None:
    found = Columns(rename={"temp": "temperature"}).with_names(("deviceId", "ts", "temp", "temperature"), "table x")
    for name in ("temp", "temperature"):
        assert found.of_row(("deviceId", "ts", name)).members == ((name, '"temperature"'),)
    with pytest.raises(ConfigurationError, match="two columns would be called 'temperature'"):
        found.of_row(("deviceId", "ts", "temp", "temperature"))
