"""Conditions of bindings: the part of CEL that limits a role to resources by name, type or service, or to a time.

Source: IAM, "Attribute reference for IAM Conditions" and "Conditions overview".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<word>[A-Za-z_][\w.]*)|(?P<sign>&&|\|\||==|!=|<=|>=|[!()<>]))"""
)
MAX_OPERATORS = 12
"""Logical operators of one expression (IAM quotas)."""
Context = Mapping[str, str | float]
Test = Callable[[Context], bool]


class ExpressionError(ValueError):
    """An expression that IAM would refuse, or that the double does not understand."""


@dataclass(frozen=True, slots=True)
class Resource:
    """The part of a resource that a condition sees."""

    name: str
    type: str
    service: str


def holds(expression: str, resource: Resource, now: float) -> bool:
    """Return whether a condition holds. Raises: ExpressionError."""
    seen: dict[str, str | float] = {
        "resource.name": resource.name,
        "resource.type": resource.type,
        "resource.service": resource.service,
        "request.time": now,
    }
    return parsed(expression)(seen)


@lru_cache(maxsize=1000)
def parsed(expression: str) -> Test:
    """Return an expression as a function. Raises: ExpressionError."""
    tokens = _tokens(expression)
    if sum(token in ("&&", "||", "!") for token in tokens) > MAX_OPERATORS:
        raise ExpressionError(f"it has more than {MAX_OPERATORS} logical operators")
    parser = _Parser(tokens)
    test = parser.either()
    if parser.rest:
        raise ExpressionError(f"unexpected {parser.rest[0]!r}")
    return test


def _tokens(expression: str) -> list[str]:
    found, at = [], 0
    text = expression.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionError(f"unexpected {text[at : at + 10]!r}")
        found.append(match[match.lastgroup or 0])
        at = match.end()
    if not found:
        raise ExpressionError("it is empty")
    return found


class _Parser:
    """Reads tokens from the left; `rest` are those not yet read."""

    def __init__(self, tokens: list[str]) -> None:
        self.rest = tokens

    def either(self) -> Test:
        tests = [self._both()]
        while self._took("||"):
            tests.append(self._both())
        return lambda seen: any(test(seen) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._took("&&"):
            tests.append(self._one())
        return lambda seen: all(test(seen) for test in tests)

    def _one(self) -> Test:
        if self._took("!"):
            test = self._one()
            return lambda seen: not test(seen)
        if self._took("("):
            test = self.either()
            self._need(")")
            return test
        word = self._next()
        if word in ("true", "false"):
            return lambda seen: word == "true"
        attribute, dot, function = word.rpartition(".")
        if function in ("startsWith", "endsWith"):
            return self._part(attribute, function)
        if word == "request.time":
            return self._time()
        if word not in ("resource.name", "resource.type", "resource.service") or not dot:
            raise ExpressionError(f"undeclared reference to {word!r}")
        sign, text = self._next(), _text(self._next())
        if sign not in ("==", "!="):
            raise ExpressionError(f"no matching overload for {sign!r}")
        return lambda seen: (seen[word] == text) == (sign == "==")

    def _part(self, attribute: str, function: str) -> Test:
        if attribute not in ("resource.name", "resource.type", "resource.service"):
            raise ExpressionError(f"undeclared reference to {attribute!r}")
        self._need("(")
        text = _text(self._next())
        self._need(")")
        if function == "startsWith":
            return lambda seen: str(seen[attribute]).startswith(text)
        return lambda seen: str(seen[attribute]).endswith(text)

    def _time(self) -> Test:
        sign = self._next()
        self._need("timestamp")
        self._need("(")
        text = _text(self._next())
        self._need(")")
        try:
            moment = datetime.fromisoformat(text).timestamp()
        except ValueError:
            raise ExpressionError(f"{text!r} is no timestamp") from None
        tests: Mapping[str, Test] = {
            "<": lambda seen: float(seen["request.time"]) < moment,
            "<=": lambda seen: float(seen["request.time"]) <= moment,
            ">": lambda seen: float(seen["request.time"]) > moment,
            ">=": lambda seen: float(seen["request.time"]) >= moment,
        }
        if sign not in tests:
            raise ExpressionError(f"no matching overload for {sign!r}")
        return tests[sign]

    def _next(self) -> str:
        if not self.rest:
            raise ExpressionError("it ends too early")
        return self.rest.pop(0)

    def _took(self, sign: str) -> bool:
        if self.rest and self.rest[0] == sign:
            self.rest.pop(0)
            return True
        return False

    def _need(self, sign: str) -> None:
        if self._next() != sign:
            raise ExpressionError(f"{sign!r} is missing")


def _text(token: str) -> str:
    if token[0] not in "\"'":
        raise ExpressionError(f"{token!r} is not text")
    try:
        return (
            str(json.loads('"' + token[1:-1].replace('"', '\\"') + '"')) if token[0] == "'" else str(json.loads(token))
        )
    except ValueError:
        raise ExpressionError(f"{token} is not text") from None
