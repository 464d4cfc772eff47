"""When the hot-to-cold mover sends to another cloud: the url and the providers must agree."""

from __future__ import annotations

import base64
import json

import pytest

from l3kit.errors import ConfigurationError
from l3kit.tiering.payload import encode, event_size
from l3kit.tiering.settings import TwinInfo, is_multi_cloud

URL = "https://writer.example/cold"


def twin(**providers: object) -> TwinInfo:
    info = {
        "config": {"digital_twin_name": "t", "hot_storage_size_in_days": 30, "cold_storage_size_in_days": 90},
        "config_iot_devices": [{"id": "d"}],
    }
    if providers:
        info["config_providers"] = providers  # type: ignore[assignment]
    return TwinInfo.parse(json.dumps(info))


def decide(url: str | None, **providers: object) -> bool:
    return is_multi_cloud(url, twin(**providers), "hot", "cold")


BOTH = {"layer_3_hot_provider": "aws", "layer_3_cold_provider": "azure"}


def test_is_multi_cloud_cold_no_url_returns_false() -> None:
    assert decide("", **BOTH) is False
    assert decide(None, **BOTH) is False


def test_is_multi_cloud_cold_whitespace_url_returns_false() -> None:
    assert decide("  ", **BOTH) is False


def test_is_multi_cloud_cold_url_set_same_provider_returns_false() -> None:
    assert decide(URL, layer_3_hot_provider="aws", layer_3_cold_provider="aws") is False


def test_is_multi_cloud_cold_url_set_different_provider_returns_true() -> None:
    assert decide(URL, **BOTH) is True


def test_is_multi_cloud_cold_missing_config_providers_raises() -> None:
    with pytest.raises(ConfigurationError, match="config_providers is missing"):
        decide(URL)


def test_is_multi_cloud_cold_missing_l3_hot_provider_raises() -> None:
    with pytest.raises(ConfigurationError, match="layer_3_hot_provider"):
        decide(URL, layer_3_cold_provider="aws")


def test_is_multi_cloud_cold_missing_l3_cold_provider_raises() -> None:
    with pytest.raises(ConfigurationError, match="layer_3_cold_provider"):
        decide(URL, layer_3_hot_provider="aws")


def test_is_multi_cloud_cold_null_provider_raises() -> None:
    with pytest.raises(ConfigurationError, match="layer_3_cold_provider"):
        decide(URL, layer_3_hot_provider="aws", layer_3_cold_provider=None)


def test_is_multi_cloud_cold_empty_provider_raises() -> None:
    with pytest.raises(ConfigurationError, match="layer_3_cold_provider"):
        decide(URL, layer_3_hot_provider="aws", layer_3_cold_provider="")


def test_is_multi_cloud_cold_case_sensitivity() -> None:
    assert decide(URL, layer_3_hot_provider="AWS", layer_3_cold_provider="aws") is True


@pytest.mark.parametrize(
    "items",
    [
        [{"id": str(n), "value": n * 1.5} for n in range(2000)],
        [{"id": "a", "text": 'quotes " and \\ backslashes \n' * 500}],
        [{"id": "传感器", "note": "🌡°" * 2000}],
        [{"id": "a", "binary": base64.b64encode(bytes(range(256)) * 50).decode()}],
    ],
)
def test_estimate_payload_size_accuracy(items: list[dict[str, object]]) -> None:
    plain = json.dumps({"items": items}, ensure_ascii=False).encode()
    chosen = encode([plain], "aws")
    for body, headers in ((plain, {"Content-Type": "application/json"}), (chosen.body, chosen.headers)):
        binary = "Content-Encoding" in headers
        text = base64.b64encode(body).decode() if binary else body.decode()
        event = len(json.dumps({"headers": headers, "body": text, "isBase64Encoded": binary}))
        frame = 6_000  # request context and Lambda's own headers, which the estimate allows for
        assert event <= event_size(body, headers) <= event * 1.05 + frame
    assert chosen.weight <= event_size(plain, {"Content-Type": "application/json"})
