"""Asking before something is changed."""

from __future__ import annotations

import sys

from l3kit.errors import ConfigurationError


def agreed(what: str, question: str) -> bool:
    """Ask for a yes on the terminal; anything else is a no.

    Raises: ConfigurationError if there is no terminal to ask on.
    """
    if not sys.stdin.isatty():
        raise ConfigurationError(what, "cannot ask: there is no terminal; nothing was made", "Pass --yes")
    return _answer(f"{question} [y/N] ").lower() in ("y", "yes")


def _answer(prompt: str) -> str:
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()
