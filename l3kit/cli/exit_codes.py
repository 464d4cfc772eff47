"""The exit codes of every verb."""

from __future__ import annotations

from collections.abc import Mapping

SUCCESS = 0
ERROR = 1
USAGE = 2
NOT_UP = 3
LEFT_OVER = 4
CHECKS_FAILED = 5
CHANGES_PENDING = 6
INTERRUPTED = 130
UNREAD = 141
"""As shells tell of a process that SIGPIPE ended."""

MEANINGS: Mapping[int, str] = {
    SUCCESS: "success",
    ERROR: "an error, which is told with its remedy; `replay`: a letter stayed; `cost bill`: over the budget",
    USAGE: "the command line is wrong; nothing was done",
    NOT_UP: "`sandbox status`: it is not running",
    LEFT_OVER: "`load`: bad rows are in a file; `first-light`: resources are left",
    CHECKS_FAILED: "`verify`: a check failed; `run`: the mover left something",
    CHANGES_PENDING: "`plan --exit-code`: there are changes to make",
    INTERRUPTED: "interrupted",
    UNREAD: "nobody reads the output any more, as behind `head`",
}


def told(meanings: Mapping[int, str]) -> str:
    """Return lines for the end of a help, which keep their breaks."""
    lines = [f"  {code:<4}{meaning.replace('`', '')}" for code, meaning in meanings.items()]
    return "\n".join(["\b", "Exit codes:", *lines])
