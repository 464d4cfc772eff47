"""DIGITAL_TWIN_INFO: any text is a twin or a refusal that names the variable and the member, never another error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.errors import ConfigurationError
from l3kit.tiering.settings.twin_info import INFO_FILE, TwinInfo, layer_1_is_apart
from tests.support.lambda_calls import INFO, chain_info

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
PLACES = [(name,) for name in (*INFO, "config_events")] + [
    ("config", name)
    for name in (*INFO["config"], "time_digits", "unknown_devices", "reader_urls")  # type: ignore[misc]
]


def changed(place: tuple[str, ...], value: Any) -> str:
    info: dict[str, Any] = json.loads(json.dumps(INFO))
    inner = info
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    return json.dumps(info)


@given(st.sampled_from(PLACES), ODD)
def test_any_value_at_any_place_is_taken_or_refused_with_the_variables_name(place: tuple[str, ...], value: Any) -> None:
    try:
        info = TwinInfo.parse(changed(place, value))
    except ConfigurationError as error:
        refused = error
    else:
        assert isinstance(info.hot_days, int)
        assert all(isinstance(device, str) for device in info.devices)
        return
    assert refused.resource == "DIGITAL_TWIN_INFO"
    assert place[-1] in refused.cause


def test_what_is_left_out_has_its_default() -> None:
    info = TwinInfo.parse(json.dumps(INFO))
    assert (info.name, info.hot_days, info.cold_days, info.devices) == ("twin", 30, 90, ("sensor-1",))
    assert (info.keep_unknown, info.events, info.reader_urls) == (False, (), False)


def test_a_packed_file_that_is_not_there_is_named_and_its_folder_is_not(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=INFO_FILE) as refused:
        TwinInfo.parse(f"file:{INFO_FILE}", root=tmp_path)
    assert str(tmp_path) not in str(refused.value)
    (tmp_path / INFO_FILE).write_text(json.dumps(INFO))
    assert TwinInfo.parse(f"file:{INFO_FILE}", root=tmp_path).name == "twin"


@pytest.mark.parametrize(("l2", "apart"), [("aws", False), ("gcp", True)])
def test_layer_1_is_apart_where_its_cloud_is_another_one(l2: str, apart: bool) -> None:
    assert layer_1_is_apart(TwinInfo.parse(chain_info(l1="aws", l2=l2))) is apart


def test_layers_that_are_not_known_are_named() -> None:
    with pytest.raises(ConfigurationError, match="layer_1_provider is missing"):
        layer_1_is_apart(TwinInfo.parse(json.dumps(INFO)))
