"""The members of one item, each as the exact bytes sent. No I/O.

Stricter than `strict_json.members`: accepted items can be stored and become part of a chunk.
"""

from __future__ import annotations

import json
import re

import orjson

from l3kit.tiering.format.strict_json import JsonFault, NotStrictError, is_strict_object, members

_SPACE = rb"[ \t\r\n]*"
_FLAT_MEMBER = re.compile(rb'"([^"]*)"' + _SPACE + b":" + _SPACE + rb'("[^"]*"|[^\s,}"]+)')
_EXPONENT = re.compile(b":" + _SPACE + rb"-?[0-9.]+[eE]")

_LEVELS = 3
"""Maximum nesting inside a member that `_MEMBER` matches."""


def _member_pattern(levels: int) -> re.Pattern[bytes]:
    """Return the pattern of a member of valid JSON, from the quote of its name on.

    It matches all the rest of the item if the name has an escape, or the value more levels than these. No loop can
    begin with text that the loop before it matches, so it needs linear time.
    """
    text = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
    value = text
    for _ in range(levels):
        value = rb'%b|[\[{][^\[\]{}"]*(?:(?:%b)[^\[\]{}"]*)*[\]}]' % (text, value)
    colon = _SPACE + b":" + _SPACE
    return re.compile(rb'"(?:([^"\\]*)"%b(%b|[^\s,\[\]{}"]+)|.*)' % (colon, value), re.DOTALL)


_MEMBER = _member_pattern(_LEVELS)


def item_members(item: bytes) -> dict[bytes, bytes]:
    """Split a JSON object into names, as orjson writes them but without the quotes, and the exact values.

    Raises: NotStrictError as `strict_json.members` does, and for lone surrogates or more levels than a chunk allows.
    """
    return _flat_members(item) or _nested_members(item) or _checked_members(item)


def _flat_members(item: bytes) -> dict[bytes, bytes] | None:
    """Split an object without nesting and escapes, the common item, without a Python loop.

    Returns: exact names and values; None where `_checked_members` must decide.
    """
    if b"\\" in item or b"[" in item or item.count(b"{") != 1:
        return None
    try:
        found = orjson.loads(item)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict) or (0.0 in found.values() and _EXPONENT.search(item)):
        return None  # a number that no Decimal can hold is too large for orjson, or 0.0 to it
    # Both orjson and a dict keep one of two members of the same name: the number of matches differs.
    matches = _FLAT_MEMBER.findall(item)
    return dict(matches) if len(matches) == len(found) else None


def _nested_members(item: bytes) -> dict[bytes, bytes] | None:
    """Split an object with some nesting, without a Python loop; None where `_checked_members` must decide."""
    if not is_strict_object(item):
        return None
    matches = _MEMBER.findall(item)
    if not matches or not matches[-1][1]:
        return None
    if b"\\u" in item:  # the levels are few enough, but there may be half of a character
        _check_storable(item)
    return dict(matches)


def _checked_members(item: bytes) -> dict[bytes, bytes]:
    parts = members(item)
    _check_storable(item)
    return {orjson.dumps(name)[1:-1]: value for name, value in parts.items()}


def _check_storable(item: bytes) -> None:
    """Refuse values that no store or chunk accepts: lone surrogates, which only escapes can write, and too many levels.

    Accepts a number beyond doubles, which orjson cannot parse.
    """
    try:
        orjson.dumps([orjson.loads(item)])
        return
    except orjson.JSONDecodeError as error:
        if "depth" not in error.msg:
            _check_surrogates(item)
            return
    except orjson.JSONEncodeError:
        pass
    raise NotStrictError("is nested too deeply", fault=JsonFault.DEPTH)


def _check_surrogates(item: bytes) -> None:
    try:
        json.dumps(json.loads(item, parse_float=str, parse_int=str), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NotStrictError("has a text with a lone surrogate, half of a character", fault=JsonFault.TEXT) from None
