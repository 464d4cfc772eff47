"""The members of a JSON object as the very bytes that were sent, from a strict reading of the whole text."""

from __future__ import annotations

import json
from json.decoder import scanstring  # type: ignore[attr-defined]
from json.scanner import make_scanner


def members(body: bytes) -> dict[str, bytes]:
    """The members of a JSON object, each value as the very bytes that were sent.

    Raises: ValueError, saying what is wrong, for anything that is not strict JSON or has a name twice, at any depth.
    """
    try:
        text = body.decode()
        spans = _spans(text)
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except (IndexError, StopIteration):
        raise ValueError("is not a JSON object (it ends too early, or a value is missing)") from None
    except ValueError as error:
        raise ValueError(f"is not a JSON object ({str(error)[:100]})") from None
    return {name: text[start:end].encode() for name, (start, end) in spans.items()}


def _spans(text: str) -> dict[str, tuple[int, int]]:
    spans: dict[str, tuple[int, int]] = {}
    at = _expect(text, 0, "{")
    if text[_blank(text, at)] == "}":
        return _ended(text, _blank(text, at) + 1, spans)
    while True:
        name, at = scanstring(text, _expect(text, at, '"'), True)
        start = _blank(text, _expect(text, at, ":"))
        _, end = _scan_once(text, start)
        if name in spans:
            raise ValueError(f"{name[:60]!r} is there twice")
        spans[name] = (start, end)
        at = _blank(text, end)
        if text[at] == "}":
            return _ended(text, at + 1, spans)
        at = _expect(text, at, ",")


def _blank(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at


def _expect(text: str, at: int, sign: str) -> int:
    at = _blank(text, at)
    if text[at] != sign:
        raise ValueError(f"{sign!r} expected at character {at}")
    return at + 1


def _ended(text: str, at: int, spans: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    if text[at:].strip(" \t\r\n"):
        raise ValueError(f"there is more behind its end at character {at}")
    return spans


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a name twice")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


# Numbers stay text: only the ends of values are wanted, and int() refuses more than 4,300 digits.
_scan_once = make_scanner(
    json.JSONDecoder(object_pairs_hook=_unique, parse_float=str, parse_int=str, parse_constant=_no_constant)  # type: ignore[arg-type]
)
