"""Parser for the supported statements: DELETE of one item by its values, INSERT of one item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from l3kit.sandbox.aws.partiql.tokens import StatementError, Token, tokens_of

SUPPORTED = (
    'DELETE FROM "table" WHERE "name" = ? AND "name" IS MISSING ... [RETURNING ALL OLD *] and '
    "INSERT INTO \"table\" VALUE {'name': ?, ...}"
)
CACHED_STATEMENTS = 512
"""Number of cached statements; a prepared statement is sent repeatedly with other parameters."""


@dataclass(frozen=True, slots=True)
class Delete:
    """A DELETE.

    Attributes:
        equal: names, each with the value of the parameter in the same place.
        missing: names of attributes that the item must not have.
    """

    table: str
    equal: Sequence[str]
    missing: Sequence[str]
    returning: bool


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT of one item: its attributes' names, each with the value of the parameter in the same place."""

    table: str
    names: Sequence[str]


def subject(statement: str) -> tuple[str, str]:
    """Verb and table of a statement, each empty if it cannot be parsed."""
    try:
        parsed = parse(statement)
    except StatementError:
        return "", ""
    return ("DELETE" if isinstance(parsed, Delete) else "INSERT"), parsed.table


@lru_cache(CACHED_STATEMENTS)
def parse(statement: str) -> Delete | Insert:
    """Parse a statement. Raises: StatementError if it is malformed or the sandbox does not support it."""
    verb = next(iter(statement.split(None, 1)), "").upper()
    if verb not in ("DELETE", "INSERT"):
        raise StatementError(f"The l3kit sandbox does not support {verb[:80]!r} in PartiQL. It supports {SUPPORTED}")
    reader = _Reader(tokens_of(statement))
    return reader.delete() if verb == "DELETE" else reader.insert()


@dataclass(slots=True)
class _Reader:
    """Reads the tokens from left to right."""

    tokens: list[Token]
    at: int = 0

    def delete(self) -> Delete:
        self._words("DELETE", "FROM")
        table = self._table()
        if not self._is("WHERE"):
            raise StatementError("Where clause does not contain a mandatory equality on all key attributes")
        equal: list[str] = []
        missing: list[str] = []
        self._words("WHERE")
        while True:
            name = self._name()
            if self._is("IS"):
                self._words("IS", "MISSING")
                missing.append(name)
            else:
                self._sign("=")
                self._sign("?")
                equal.append(name)
            if not self._is("AND"):
                break
            self._words("AND")
        returning = self._is("RETURNING")
        if returning:
            self._returning()
        self._finish()
        return Delete(table, equal, missing, returning)

    def insert(self) -> Insert:
        self._words("INSERT", "INTO")
        table = self._table()
        self._words("VALUE")
        if not self._at("{"):
            raise StatementError(
                "Unsupported format in item expression. "
                "Please use struct format {...} to express item values for insert statement."
            )
        names = self._struct()
        if self._is("RETURNING"):
            raise StatementError("RETURNING is not supported in INSERT")
        self._finish()
        return Insert(table, names)

    # --- parts of statements

    def _table(self) -> str:
        name = self._name()
        if self._at("."):
            raise StatementError("This operation is not supported on an index")
        return name

    def _returning(self) -> None:
        self._words("RETURNING")
        words = [self._next().value for _ in range(3) if self._peek.kind != "end"]
        if words != ["ALL", "OLD", "*"]:
            raise StatementError(
                f"Invalid returning clause: RETURNING {' '.join(words)}. "
                "Only RETURNING ALL OLD * is allowed in DELETE statements."
            )

    def _struct(self) -> list[str]:
        self._sign("{")
        names: list[str] = []
        while names or not self._at("}"):
            key = self._next()
            if key.kind != "text":
                raise StatementError(f"Tuple keys must be of type String, in single quotes, at {key.at}")
            if key.value in names:
                raise StatementError(f"Duplicate keys in tuple. Key: {key.value}")
            if not key.value:
                raise StatementError("Path component cannot be an empty string")
            self._sign(":")
            self._sign("?")
            names.append(key.value)
            if not self._at(","):
                break
            self._sign(",")
        self._sign("}")
        return names

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
