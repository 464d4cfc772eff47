"""When the hot-to-cold mover sends to another cloud: the url and the providers must agree."""

from __future__ import annotations

import base64
import json
import random
from bisect import bisect_left
from collections.abc import Mapping

import pytest
from aiohttp.test_utils import make_mocked_request

from l3kit.errors import ConfigurationError
from l3kit.sandbox.aws.function_urls import build_event
from l3kit.tiering.receiver_limit import SMALLEST_LIMIT
from l3kit.tiering.settings.twin_info import TwinInfo, is_multi_cloud
from l3kit.tiering.transfer.payload import (
    CHUNK_FRAME,
    certainly_fits,
    chunk_fits,
    deflate,
    encode,
    event_size,
)

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


FRAME = 6_000
"""Request context and Lambda's own headers, which the estimate allows for."""


def event_of(body: bytes, headers: Mapping[str, str]) -> bytes:
    """The event that the sandbox's Function URL makes of a request, to the byte."""
    return build_event(make_mocked_request("POST", "/cold", headers=dict(headers)), "cold-writer", body)


@pytest.mark.parametrize(
    "items",
    [
        [{"id": str(n), "value": n * 1.5} for n in range(2000)],
        [{"id": "a", "text": 'quotes " and \\ backslashes \n' * 500}],
        [{"id": "传感器", "note": "🌡°" * 2000}],
        [{"id": "a", "binary": base64.b64encode(random.Random(1).randbytes(500_000)).decode()}],
    ],
    ids=["numbers", "escapes", "unicode", "incompressible"],
)
def test_estimate_payload_size_accuracy(items: list[dict[str, object]]) -> None:
    """Never less than the event really is, and more by the frame only; text may be escaped to ASCII on its way."""
    plain = json.dumps({"items": items}, ensure_ascii=False).encode()
    chosen = encode([plain], SMALLEST_LIMIT)
    for body, headers in ((plain, {"Content-Type": "application/json"}), (chosen.body, chosen.headers)):
        event = event_of(body, headers)
        assert json.loads(event)["isBase64Encoded"] == ("Content-Encoding" in headers)
        assert len(event) <= event_size(body, headers) <= len(json.dumps(json.loads(event))) + FRAME
    assert (
        chosen.weight
        == event_size(chosen.body, chosen.headers)
        <= event_size(plain, {"Content-Type": "application/json"})
    )


def test_a_chunk_that_surely_fits_does_so_where_nothing_compresses() -> None:
    """The largest one, of a foreign object's bytes: base64 of it is an event just below Lambda's limit."""
    largest = bisect_left(range(6_000_000), True, key=lambda size: not certainly_fits(size, SMALLEST_LIMIT)) - 1
    noise = random.Random(2).randbytes(largest)
    payload = encode([noise, b" " * CHUNK_FRAME], SMALLEST_LIMIT)
    event = event_of(payload.body, payload.headers)
    assert 0.99 * SMALLEST_LIMIT.max_bytes < len(event) <= SMALLEST_LIMIT.max_bytes
    assert payload.fits(SMALLEST_LIMIT)
    packed = deflate(noise)
    assert chunk_fits(noise, packed, SMALLEST_LIMIT)
    assert not chunk_fits(noise + noise[:60_000], packed + packed[:60_000], SMALLEST_LIMIT)
