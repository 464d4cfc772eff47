"""An item of chunk JSON as a store reads it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from l3kit.errors import ItemRefusedError
from l3kit.tiering.format.item_json import NumberText, decode_binary, looks_tagged, parse_item

KEYS = b'"iotDeviceId":"d","id":"t"'


def test_numbers_keep_their_digits_and_are_told_from_text() -> None:
    item = parse_item(b'{%b,"a":1.500,"b":"1.500"}' % KEYS)
    assert (item["a"], item["b"]) == ("1.500", "1.500")
    assert isinstance(item["a"], NumberText)
    assert not isinstance(item["b"], NumberText)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (b"{", "is not JSON"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"[1]", "is not a JSON object"),
        (b'{"iotDeviceId":"d"}', "item d/None: its key attribute id is not a text"),
        (b'{"iotDeviceId":7,"id":"t"}', "item 7/t: its key attribute iotDeviceId is not a text"),
        (b'{"iotDeviceId":"","id":"t"}', "its key attribute iotDeviceId is not a text"),
        (b'{%b,"a":NaN}' % KEYS, "has NaN, which is not JSON"),
    ],
)
def test_what_is_no_item_is_refused_with_the_cause(text: bytes, cause: str) -> None:
    with pytest.raises(ItemRefusedError, match=cause):
        parse_item(text)


def test_a_map_of_one_key_with_a_dollar_looks_like_a_tag() -> None:
    assert looks_tagged({"$x": 1})
    assert not looks_tagged({"$x": 1, "y": 2})
    assert not looks_tagged({"x": 1})
    assert not looks_tagged({})


def test_binary_content_is_base64() -> None:
    assert decode_binary("AAE=", "here") == b"\x00\x01"
    with pytest.raises(ItemRefusedError, match="here: is tagged as binary"):
        decode_binary("not base64", "here")


def test_an_item_takes_no_more_memory_than_its_length() -> None:
    code = (
        "import psutil\n"
        "from l3kit.tiering.format.item_json import dump_item\n"
        "item = {'iotDeviceId': 'pump', 'id': '2026-03-01T10:00:00Z', 'text': 'x' * 250}\n"
        "before = psutil.Process().memory_info().rss\n"
        "held = [dump_item(item) for _ in range(20_000)]\n"
        "print((psutil.Process().memory_info().rss - before) / sum(map(len, held)))\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert float(printed.stdout) < 3
