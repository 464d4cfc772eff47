"""Parser for the supported statements: DELETE of one item by its values, INSERT of one item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from l3kit.sandbox.aws.partiql.tokens import StatementError, Token, tokens_of

SUPPORTED = (
    'DELETE FROM "table" WHERE "name" = value AND "name" IS [NOT] MISSING ... [RETURNING ALL OLD *] and '
    "INSERT INTO \"table\" VALUE {'name': value, ...}"
)
CACHED_STATEMENTS = 512
"""Number of cached statements; a prepared statement is sent repeatedly with other parameters."""
VERBS = frozenset(("SELECT", "INSERT", "UPDATE", "DELETE", "EXISTS"))


@dataclass(frozen=True, slots=True)
class Parameter:
    """A `?` placeholder, whose value is in the request. `index`: from 0."""

    index: int


Value = Parameter | Mapping[str, Any]
"""A value in a statement: a parameter, or a literal in wire form."""


@dataclass(frozen=True, slots=True)
class Delete:
    """A DELETE. `equal`: pairs of name and value. `missing`: names, each with whether it must be missing or present."""

    table: str
    equal: Sequence[tuple[str, Value]]
    missing: Sequence[tuple[str, bool]]
    returning: bool
    parameters: int


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT of one item."""

    table: str
    item: Mapping[str, Value]
    parameters: int


def verb_of(statement: str) -> str:
    """DELETE, INSERT, UPDATE or SELECT. Raises: StatementError for anything else."""
    first = statement.split(None, 1)[:1]
    verb = first[0].upper() if first else ""
    if verb not in VERBS:
        raise StatementError(f"Statement wasn't well formed, can't be processed: {statement[:80]}")
    return verb


def subject(statement: str) -> tuple[str, str]:
    """Verb and table of a statement, each empty if it cannot be parsed."""
    try:
        parsed = parse(statement)
    except StatementError:
        return "", ""
    return ("DELETE" if isinstance(parsed, Delete) else "INSERT"), parsed.table


@lru_cache(CACHED_STATEMENTS)
def parse(statement: str) -> Delete | Insert:
    """Parse a statement. Raises: StatementError if it is malformed or not supported by the sandbox."""
    verb = verb_of(statement)
    if verb not in ("DELETE", "INSERT"):
        raise StatementError(f"The l3kit sandbox does not support {verb} in PartiQL. It supports {SUPPORTED}")
    reader = _Reader(tokens_of(statement))
    return reader.delete() if verb == "DELETE" else reader.insert()


@dataclass(slots=True)
class _Reader:
    """Recursive-descent parser over the tokens. `depth`: number of collections around the current token."""

    tokens: list[Token]
    at: int = 0
    parameters: int = 0
    depth: int = 0

    def delete(self) -> Delete:
        self._words("DELETE", "FROM")
        table = self._table()
        if not self._is("WHERE"):
            raise StatementError("Where clause does not contain a mandatory equality on all key attributes")
        equal: list[tuple[str, Value]] = []
        missing: list[tuple[str, bool]] = []
        self._words("WHERE")
        while True:
            name = self._name()
            if self._is("IS"):
                missing.append((name, self._missing()))
            else:
                self._sign("=")
                equal.append((name, self._value()))
            if not self._is("AND"):
                break
            self._words("AND")
        returning = self._is("RETURNING")
        if returning:
            self._returning()
        self._finish()
        return Delete(table, equal, missing, returning, self.parameters)

    def insert(self) -> Insert:
        self._words("INSERT", "INTO")
        table = self._table()
        self._words("VALUE")
        if not self._at("{"):
            raise StatementError(
                "Unsupported format in item expression. "
                "Please use struct format {...} to express item values for insert statement."
            )
        item = self._struct()
        if self._is("RETURNING"):
            raise StatementError("RETURNING is not supported in INSERT")
        self._finish()
        return Insert(table, item, self.parameters)

    # --- parts of statements

    def _table(self) -> str:
        name = self._name()
        if self._at("."):
            raise StatementError("This operation is not supported on an index")
        return name

    def _missing(self) -> bool:
        self._words("IS")
        wanted = not self._is("NOT")
        self._words(*(["MISSING"] if wanted else ["NOT", "MISSING"]))
        return wanted

    def _returning(self) -> None:
        self._words("RETURNING")
        words = [self._next().value for _ in range(3) if self._peek.kind != "end"]
        if words != ["ALL", "OLD", "*"]:
            raise StatementError(
                f"Invalid returning clause: RETURNING {' '.join(words)}. "
                "Only RETURNING ALL OLD * is allowed in DELETE statements."
            )

    def _value(self) -> Value:
        if self._at("?"):
            if self.depth:
                raise StatementError(f"Unsupported data type: Parameter inside another value at {self._peek.at}")
            self._next()
            self.parameters += 1
            return Parameter(self.parameters - 1)
        return self._literal()

    def _literal(self) -> Mapping[str, Any]:
        token = self._peek
        if token.kind in ("text", "number"):
            self._next()
            return {"S" if token.kind == "text" else "N": token.value}
        if token.kind == "word" and token.value in ("TRUE", "FALSE"):
            self._next()
            return {"BOOL": token.value == "TRUE"}
        if token.kind == "word" and token.value == "NULL":
            self._next()
            return {"NULL": True}
        if any(map(self._at, ("{", "[", "<<"))):
            return self._collection(token.value)
        raise self._unsupported()

    def _collection(self, opening: str) -> Mapping[str, Any]:
        self.depth += 1
        try:
            if opening == "{":
                return {"M": self._struct()}
            entries = self._entries(opening, "]" if opening == "[" else ">>")
        finally:
            self.depth -= 1
        if opening == "[":
            return {"L": entries}
        kinds = {next(iter(entry)) for entry in entries}
        if kinds not in ({"S"}, {"N"}):
            raise StatementError("A set in << >> must contain texts or numbers, at least one, all of one type")
        kind = kinds.pop()
        return {kind + "S": [entry[kind] for entry in entries]}

    def _entries(self, opening: str, closing: str) -> list[Any]:
        self._sign(opening)
        entries: list[Any] = []
        while entries or not self._at(closing):
            entries.append(self._value())
            if not self._at(","):
                break
            self._sign(",")
        self._sign(closing)
        return entries

    def _struct(self) -> dict[str, Value]:
        self._sign("{")
        item: dict[str, Value] = {}
        while item or not self._at("}"):
            key = self._next()
            if key.kind != "text":
                raise StatementError(f"Tuple keys must be of type String, in single quotes, at {key.at}")
            if key.value in item:
                raise StatementError(f"Duplicate keys in tuple. Key: {key.value}")
            if not key.value:
                raise StatementError("Path component cannot be an empty string")
            self._sign(":")
            item[key.value] = self._value()
            if not self._at(","):
                break
            self._sign(",")
        self._sign("}")
        return item

    # --- tokens

    @property
    def _peek(self) -> Token:
        return self.tokens[self.at]

    def _next(self) -> Token:
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def _is(self, word: str) -> bool:
        return self._peek.kind == "word" and self._peek.value == word

    def _at(self, sign: str) -> bool:
        return self._peek.kind == "sign" and self._peek.value == sign

    def _words(self, *words: str) -> None:
        for word in words:
            if not self._is(word):
                raise self._unsupported()
            self._next()

    def _sign(self, sign: str) -> None:
        if not self._at(sign):
            raise self._unsupported()
        self._next()

    def _name(self) -> str:
        if self._peek.kind != "name":
            raise self._unsupported()
        name = self._next().value
        if not name:
            raise StatementError("Path component cannot be an empty string")
        return name

    def _finish(self) -> None:
        if self._at(";"):
            self._next()
        if self._peek.kind != "end":
            raise self._unsupported()

    def _unsupported(self) -> StatementError:
        token = self._peek
        what = f"{token.value!r} at {token.at}" if token.kind != "end" else "the end"
        return StatementError(
            f"Statement wasn't well formed, or is not supported by the l3kit sandbox, from {what} on. "
            f"It supports {SUPPORTED}; names in double quotes"
        )
