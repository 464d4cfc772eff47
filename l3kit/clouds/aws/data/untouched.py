"""Recognition of deleted items in a response as byte for byte those that were read. No I/O.

Parsing a response takes more CPU than the rest of the request, and nearly always shows each item as it was. A changed
item, an error and a missing item do not match, nor an item that the service writes in another way; the parser decides.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import orjson

_RESPONSES = b'"Responses":['
_CRC = (1 << 32) - 1


def fingerprints() -> array[int]:
    """An empty list of fingerprints: of each item as stored, the length in the upper 32 bits and the CRC-32 below."""
    return array("Q")


def without_items(answer: bytes, table: bytes, expected: Sequence[int]) -> dict[str, Any] | None:
    """The response to deletes without the items, if it has exactly the expected ones; None if it must be parsed.

    Args:
        table: the table's name as JSON.
        expected: fingerprints of the items, in the order of the statements; none if they are unknown.
    """
    start = answer.find(_RESPONSES) + len(_RESPONSES)
    if not expected or start < len(_RESPONSES):
        return None
    before, after = b'{"TableName":%b,"Item":' % table, b"}"
    if not answer.startswith(before, start):
        before, after = b'{"Item":', b',"TableName":%b}' % table
    if not answer.startswith(before, start):
        return None
    end = start
    between = len(before)
    for one in expected:
        begin = end + between
        end = begin + (one >> 32)
        if crc32(answer[begin:end]) != one & _CRC:
            return None
        between = len(after) + 1 + len(before)  # 1: the comma
    end += len(after)
    if answer[end : end + 1] != b"]":
        return None
    rest: dict[str, Any] = orjson.loads(answer[:start] + answer[end:])
    return rest
