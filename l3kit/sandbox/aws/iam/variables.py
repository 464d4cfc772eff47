"""Policy variables such as `${aws:username}` in resources and condition values."""

from __future__ import annotations

import re
from collections.abc import Mapping

Context = Mapping[str, tuple[str, ...]]
"""A request's condition keys in lower case, each with its values."""
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_CHARACTERS = frozenset("*?$")
STAR, QUESTION = "\ue000", "\ue001"
"""Placeholders for a literal `*` and `?` during a comparison."""


class UnknownVariableError(Exception):
    """The request has no value for a variable, so the statement does not apply."""


def fill(text: str, context: Context) -> str:
    """Replace the variables of a text; wildcards in their values are literal characters.

    Raises: UnknownVariableError.
    """
    if "${" not in text:
        return text
    return _VARIABLE.sub(lambda found: _value(found[1], context), text)


def keys_of(text: str) -> set[str]:
    """The condition keys of a text's variables, in lower case."""
    names = (found.partition(",")[0].strip().lower() for found in _VARIABLE.findall(text))
    return {name for name in names if name not in _CHARACTERS}


def literal(text: str) -> str:
    """Escape a request's text for a comparison with a result of `fill`."""
    return text.replace("*", STAR).replace("?", QUESTION) if "*" in text or "?" in text else text


def plain(text: str) -> str:
    """Unescape a result of `fill` for a comparison without wildcards."""
    return text.replace(STAR, "*").replace(QUESTION, "?")


def _value(inside: str, context: Context) -> str:
    name, _, default = (part.strip() for part in inside.partition(","))
    if name in ("*", "?"):
        return STAR if name == "*" else QUESTION
    if name == "$":
        return "$"
    values = context.get(name.lower(), ())
    if len(values) == 1:
        return literal(values[0])
    if default:
        return literal(default.strip("'"))
    raise UnknownVariableError(name)
