"""The members of one item, each as the exact bytes sent. Pure.

Stricter than `strict_json.members`: what passes can be stored and become part of a chunk.
"""

from __future__ import annotations

import json
import re

import orjson

from l3kit.tiering.format.strict_json import JsonFault, NotStrictError, members

_SPACE = rb"[ \t\r\n]*"
_FLAT_MEMBER = re.compile(rb'"([^"]*)"' + _SPACE + b":" + _SPACE + rb'("[^"]*"|[^\s,}"]+)')
_EXPONENT = re.compile(b":" + _SPACE + rb"-?[0-9.]+[eE]")


def item_members(item: bytes) -> dict[bytes, bytes]:
    """Split a JSON object into names, in quotes as orjson writes them but without these, and the exact values.

    Raises: NotStrictError as `strict_json.members`, and for lone surrogates or more levels than a chunk takes.
    """
    return _flat_members(item) or _checked_members(item)


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
    # Both orjson and a dict keep one of two members of the same name: the number of matches tells.
    matches = _FLAT_MEMBER.findall(item)
    return dict(matches) if len(matches) == len(found) else None


def _checked_members(item: bytes) -> dict[bytes, bytes]:
    parts = members(item)
    _check_storable(item)
    return {orjson.dumps(name)[1:-1]: value for name, value in parts.items()}


def _check_storable(item: bytes) -> None:
    """Refuse what no store or chunk takes: lone surrogates, which only escapes can write, and too many levels.

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
