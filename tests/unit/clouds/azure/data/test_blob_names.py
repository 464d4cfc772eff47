"""What metadata may be on every cloud survives Azure's C# identifiers; keys that Azure would bend are told."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.clouds.azure.data.blob_names import from_azure, key_fault, to_azure
from l3kit.tiering.format.object_metadata import metadata_fault

names = st.from_regex(r"[a-z0-9!#$&'*+.^_`|~-]{1,64}", fullmatch=True).filter(str.isascii)
values = st.text(min_size=1, max_size=40).filter(lambda text: metadata_fault("name", text) is None)
metadata = st.dictionaries(names.filter(lambda name: metadata_fault(name, "x") is None), values, max_size=8)


@given(metadata)
def test_metadata_that_every_cloud_can_hold_comes_back_from_azure(given_metadata: dict[str, str]) -> None:
    held = to_azure(given_metadata)
    assert len(held) == len(given_metadata)
    for name, value in held.items():
        assert re.fullmatch(r"[a-z_][a-z0-9_]*", name), "a C# identifier, whatever the case"
        assert re.fullmatch(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?", value), "a header's value"
    assert from_azure(held) == given_metadata
    assert from_azure({name.title(): value for name, value in held.items()}) == given_metadata


def test_known_names_look_as_documented() -> None:
    assert to_azure({"sha256": "ab", "restore-until": "1", "9lives": "%", "a_b": "ü"}) == {
        "sha256": "ab",
        "restore_2duntil": "1",
        "_39lives": "%25",
        "a_5fb": "%C3%BC",
    }


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "1 to 1,024 characters"),
        ("x" * 1025, "1 to 1,024 characters"),
        ("🌡" * 513, "1 to 1,024 characters"),
        ("a\\b", "backslash"),
        ("a/b./c", "dot at the end"),
        ("a/.", "dot at the end"),
        ("a/..", "dot at the end"),
        ("a.", "dot at the end"),
        ("a/", "slash at the end"),
        ("/".join("x" * 255), "254 parts"),
        ("a\nb", "control characters"),
        ("a\x7f", "control characters"),
        ("a\x85b", "control characters"),
        ("a\x00", "control characters"),
    ],
)
def test_a_key_that_azure_would_bend_is_told(key: str, reason: str) -> None:
    assert reason in (key_fault(key) or "")


@pytest.mark.parametrize(
    "key",
    [
        "a",
        "x" * 1024,
        "🌡" * 512,
        "/".join("x" * 254),
        "传感器 ä+2/2024-01-01T00:00:00Z-chunk.json",
        ".a/..b/.c",
        "a//b",
    ],
)
def test_a_key_that_azure_keeps_is_no_fault(key: str) -> None:
    assert key_fault(key) is None
