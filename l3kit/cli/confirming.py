"""Confirmation before a change."""

from __future__ import annotations

import sys

from l3kit.errors import ConfigurationError


def check_can_ask(what: str, remedy: str) -> None:
    """Check that there is a terminal to ask on, before anything is changed. Raises: ConfigurationError."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigurationError(what, "cannot ask: there is no terminal; nothing was changed", remedy)


def agree(what: str, question: str) -> None:
    """Ask for confirmation on the terminal. Raises: ConfigurationError for any other answer."""
    if _answer(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise ConfigurationError(what, "was not confirmed", "Nothing was changed")


def agree_by_name(what: str, question: str, name: str) -> None:
    """Ask for a name on the terminal. Raises: ConfigurationError for any other answer."""
    answer = _answer(f"{question} ")
    if name not in (answer, answer.strip()):
        raise ConfigurationError(what, f"was not confirmed: the answer was not {name}", "Nothing was changed")


def _answer(prompt: str) -> str:
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().rstrip("\r\n")
