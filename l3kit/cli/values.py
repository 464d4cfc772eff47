"""Values of options: several in one, and pairs."""

from __future__ import annotations

import csv
from collections.abc import Sequence

import typer

from l3kit.errors import ConfigurationError

ALL = "all"


def listed(given: Sequence[str] | None) -> list[str]:
    """Return the values of a list option: separated by commas as in a line of CSV, or from repeated options.

    Raises: typer.BadParameter for an empty value, as from a script's unset variable, and for a line break.
    """
    try:
        values = [value for line in given or () for value in next(csv.reader([line], skipinitialspace=True), [""])]
    except csv.Error:
        raise typer.BadParameter("a list of values has a line break; separate them by commas") from None
    if given and not (values and all(values)):
        raise typer.BadParameter("a list of values has an empty one; leave the option out, or name each value")
    return values


def pair(option: str, text: str, form: str = "NAME=VALUE") -> tuple[str, str]:
    """Split a pair. Raises: ConfigurationError if there is no name or no value."""
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise ConfigurationError(option, f"{text!r} is not {form}", "Separate several by commas")
    return name, value


def checked_limit(text: str | None) -> str | None:
    """Return a limit. Raises: typer.BadParameter if it is neither a number nor `all`."""
    if text not in (None, ALL) and (not str(text).isdecimal() or int(str(text)) < 1):
        raise typer.BadParameter(f"{text} is not a limit; give 1 or more, or {ALL}")
    return text


def limit_of(text: str) -> int | None:
    """Return a limit as a number; None is all."""
    return None if text == ALL else int(text)
