"""Strict JSON parsing that returns the members of an object as the exact bytes sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from json.decoder import scanstring  # type: ignore[attr-defined]
from json.scanner import make_scanner


class JsonFault(StrEnum):
    """The reason why a text is not strict JSON."""

    SYNTAX = "syntax"
    DUPLICATE = "duplicate"
    TEXT = "text"
    NUMBER = "number"
    DEPTH = "depth"


class NotStrictError(ValueError):
    """A text is not strict JSON.

    Attributes:
        member: the member with the invalid value; None if the error is elsewhere or cannot be located.
        index: index of the invalid element, if that value is an array.
        fault: the kind of error.
    """

    def __init__(
        self,
        cause: str,
        member: str | None = None,
        index: int | None = None,
        fault: JsonFault = JsonFault.SYNTAX,
    ) -> None:
        super().__init__(cause)
        self.member = member
        self.index = index
        self.fault = fault


class _UnfitValueError(ValueError):
    """Ambiguous or non-portable JSON."""

    def __init__(self, cause: str, fault: JsonFault) -> None:
        super().__init__(cause)
        self.fault = fault


_COLON = re.compile(r"[ \t\r\n]*:[ \t\r\n]*")
_NEXT_NAME = re.compile(r"[ \t\r\n]*,[ \t\r\n]*\"")
"""The usual separator of two members; anything else is parsed character by character for the error message."""
_UNFIT = (_UnfitValueError, ArithmeticError, RecursionError)


def members(body: bytes) -> dict[str, bytes]:
    """Split a JSON object into its members, each value as the exact bytes sent.

    Raises: NotStrictError for anything that is not strict JSON, repeats a name at any depth, has a number that no
        Decimal can hold, or is nested too deeply.
    """
    try:
        text = body.decode()
        spans = _spans(text)
    except UnicodeDecodeError as error:
        raise NotStrictError(f"is not UTF-8 (byte {error.start})") from None
    except (IndexError, StopIteration):
        raise NotStrictError("is not a JSON object (it ends too early, or a value is missing)") from None
    except NotStrictError:
        raise
    except ValueError as error:
        raise NotStrictError(f"is not a JSON object ({str(error)[:100]})", fault=_fault(error)) from None
    return {name: text[start:end].encode() for name, (start, end) in spans.items()}


def is_strict_object(body: bytes) -> bool:
    """Return whether `members` accepts a body, with nothing around its braces; otherwise `members` has the reason."""
    try:
        text = body.decode()
        found, end = _scan_once(text, 0)
    except (*_UNFIT, ValueError, StopIteration):
        return False
    return isinstance(found, dict) and end == len(text)


def elements(array: bytes) -> Iterator[bytes]:
    """Yield the elements of a JSON array returned by `members`, each as the exact bytes sent."""
    text = array.decode()
    for start, end in _elements(text, 0):
        yield text[start:end].encode()


def split_array(body: bytes) -> list[bytes]:
    """Split a JSON array into its elements, each as the exact bytes sent.

    Only the ends of elements are found here: repeated names, NaN and numbers that no Decimal can hold are left to
    whoever parses the element.
    Raises: NotStrictError if it is not an array, or is nested too deeply.
    """
    try:
        text = body.decode()
        return [text[start:end].encode() for start, end in _array_spans(text)]
    except UnicodeDecodeError as error:
        raise NotStrictError(f"is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise NotStrictError("is nested too deeply", fault=JsonFault.DEPTH) from None
    except (IndexError, StopIteration):
        raise NotStrictError("is not a JSON array (it ends too early, or a value is missing)") from None
    except ValueError as error:
        raise NotStrictError(f"is not a JSON array ({str(error)[:100]})") from None


def _array_spans(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    at = _blank(text, _expect(text, 0, "["))
    if text[at] != "]":
        while True:
            _, end = _delimit_once(text, at)
            spans.append((at, end))
            at = _blank(text, end)
            if text[at] == "]":
                break
            at = _blank(text, _expect(text, at, ","))
    _check_end(text, at + 1)
    return spans


def _spans(text: str) -> dict[str, tuple[int, int]]:
    spans: dict[str, tuple[int, int]] = {}
    at = _expect(text, 0, "{")
    if text[_blank(text, at)] == "}":
        return _ended(text, _blank(text, at) + 1, spans)
    at = _expect(text, at, '"')
    while True:
        name, at = scanstring(text, at, True)
        found = _COLON.match(text, at)
        start = found.end() if found else _blank(text, _expect(text, at, ":"))
        try:
            _, end = _scan_once(text, start)
        except _UNFIT as error:
            raise NotStrictError(_cause(error), name, _first_unfit(text, start), _fault(error)) from None
        if name in spans:
            raise _UnfitValueError(f"{name[:60]!r} occurs twice", JsonFault.DUPLICATE)
        spans[name] = (start, end)
        found = _NEXT_NAME.match(text, end)
        if found:
            at = found.end()
            continue
        at = _blank(text, end)
        if text[at] == "}":
            return _ended(text, at + 1, spans)
        at = _expect(text, _expect(text, at, ","), '"')


def _first_unfit(text: str, start: int) -> int | None:
    """The index of the first array element that cannot be scanned; None if the value is not an array."""
    if text[start] != "[":
        return None
    count = 0
    try:
        for _ in _elements(text, start):
            count += 1
    except (*_UNFIT, ValueError, IndexError):
        return count
    return None


def _elements(text: str, start: int) -> Iterator[tuple[int, int]]:
    at = _blank(text, _expect(text, start, "["))
    while text[at] != "]":
        try:
            _, end = _scan_once(text, at)
        except StopIteration:
            raise ValueError(f"a value expected at character {at}") from None
        yield at, end
        at = _blank(text, end)
        if text[at] == ",":
            at = _blank(text, at + 1)


def _cause(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return "has a number that cannot be read" if isinstance(error, ArithmeticError) else str(error)


def _fault(error: Exception) -> JsonFault:
    if isinstance(error, _UnfitValueError):
        return error.fault
    if isinstance(error, RecursionError):
        return JsonFault.DEPTH
    return JsonFault.NUMBER if isinstance(error, ArithmeticError) else JsonFault.SYNTAX


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
    _check_end(text, at)
    return spans


def _check_end(text: str, at: int) -> None:
    if text[at:].strip(" \t\r\n"):
        raise ValueError(f"there is more behind its end at character {at}")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _UnfitValueError("has a name twice in one object", JsonFault.DUPLICATE)
    return found


def _no_constant(name: str) -> object:
    raise _UnfitValueError(f"has {name}, which is not JSON", JsonFault.NUMBER)


# Integers stay text: only the end positions of values matter, and int() rejects more than 4,300 digits.
_scan_once = make_scanner(
    json.JSONDecoder(  # type: ignore[arg-type]
        object_pairs_hook=_unique,
        parse_float=Decimal,
        parse_int=str,
        parse_constant=_no_constant,
    )
)
_delimit_once = make_scanner(
    json.JSONDecoder(object_pairs_hook=len, parse_float=len, parse_int=len)  # type: ignore[arg-type]
)
