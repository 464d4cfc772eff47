"""Tokenizer for PartiQL statements."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s*(?:
        "(?P<name>(?:[^"]|"")*)"
      | '(?P<text>(?:[^']|'')*)'
      | (?P<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<sign><<|>>|<>|<=|>=|[-{}\[\]():,=?*;.<>!+/|])
    )""",
    re.VERBOSE | re.ASCII,
)


class StatementError(Exception):
    """A statement that is invalid or not supported by the sandbox, as stated in the message."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        kind: `name` (in double quotes), `text` (in single quotes), `number`, `word`, `sign`, `end`.
        value: unquoted, with doubled quotes resolved; words in upper case.
        at: position of its first character, from 1.
    """

    kind: str
    value: str
    at: int


def tokens_of(statement: str) -> list[Token]:
    """The statement's tokens, ending with an `end`. Raises: StatementError for text that is not a token."""
    found, at = [], 0
    while match := _TOKEN.match(statement, at):
        kind = str(match.lastgroup)
        found.append(Token(kind, _plain(kind, match[kind]), match.start(kind) + (kind not in ("name", "text"))))
        at = match.end()
    if rest := statement[at:].strip():
        raise StatementError(f"Statement wasn't well formed, can't be processed from: {rest[:40]}")
    found.append(Token("end", "", len(statement) + 1))
    return found


def _plain(kind: str, value: str) -> str:
    if kind == "word":
        return value.upper()
    return value.replace('""', '"') if kind == "name" else value.replace("''", "'")
