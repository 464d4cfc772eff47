"""Policy variables: `${aws:username}` in resources and condition values, filled in from the request."""

from __future__ import annotations

import re
from collections.abc import Mapping

Context = Mapping[str, tuple[str, ...]]
"""A request's condition keys in small letters, each with its values."""
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_CHARACTERS = frozenset("*?$")
STAR, QUESTION = "\ue000", "\ue001"
"""Stand for a literal `*` and `?` while a text is compared."""


class UnknownVariableError(Exception):
    """The request has no value for a variable, so the statement does not apply."""


def fill(text: str, context: Context) -> str:
    """The text with its variables replaced; wildcards that come from a value are taken literally.

    Raises: UnknownVariableError.
    """
    if "${" not in text:
        return text
    return _VARIABLE.sub(lambda found: _value(found[1], context), text)


def keys_of(text: str) -> set[str]:
    """The condition keys that a text's variables name, in small letters."""
    names = (found.partition(",")[0].strip().lower() for found in _VARIABLE.findall(text))
    return {name for name in names if name not in _CHARACTERS}


def literal(text: str) -> str:
    """A request's text as it is compared with one that `fill` gave back."""
    return text.replace("*", STAR).replace("?", QUESTION) if "*" in text or "?" in text else text


def plain(text: str) -> str:
    """What `fill` gave back, for a comparison without wildcards."""
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
