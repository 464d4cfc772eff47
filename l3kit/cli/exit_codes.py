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
UNWRITTEN = 74
"""`EX_IOERR` of sysexits."""
INTERRUPTED = 130
UNREAD = 141
"""As shells report a process ended by SIGPIPE."""

OF_VERBS: Mapping[str, Mapping[int, str]] = {
    "plan": {CHANGES_PENDING: "with --exit-code, there are changes to make"},
    "load": {LEFT_OVER: "bad rows or items are in a file, or a dry run found some"},
    "simulate": {
        SUCCESS: "every message was acknowledged, even if Ctrl-C ended it",
        ERROR: "not every message was acknowledged",
    },
    "run": {CHECKS_FAILED: "the mover left something that was due"},
    "verify": {CHECKS_FAILED: "a check failed"},
    "erase": {LEFT_OVER: "with --no-wait, a last look is still due: erase again later"},
    "audit": {
        ERROR: "a tier, the journal or an object could not be checked",
        CHECKS_FAILED: "something is at fault",
    },
    "replay": {ERROR: "a letter stayed, or a cloud was not reached"},
    "logs": {ERROR: "there are no lines because a log could not be read"},
    "sandbox status": {NOT_UP: "it is not running"},
    "sandbox fire": {ERROR: "the function failed"},
    "cost bill": {ERROR: "it is over the budget"},
    "first-light": {
        ERROR: "a step failed, and nothing is left",
        LEFT_OVER: "some resources remain; the output names the command that removes them",
    },
}
"""Exit codes of particular verbs, in addition to those that all share."""
_OF_ALL = {
    SUCCESS: "success",
    ERROR: "an error, reported with its remedy",
    USAGE: "the command line is wrong; nothing was done",
    UNWRITTEN: "the output could not be written, as on a full disk; what the verb did stays done",
    INTERRUPTED: "interrupted",
    UNREAD: "the output no longer has a reader, as with `head`",
}


def _meanings(code: int) -> list[str]:
    own = [f"`{verb}`: {codes[code]}" for verb, codes in OF_VERBS.items() if code in codes]
    return [_OF_ALL[code], *own] if code in _OF_ALL else own


_ALL = {code: _meanings(code) for code in sorted({*_OF_ALL, *(code for codes in OF_VERBS.values() for code in codes)})}
MEANINGS: Mapping[int, str] = {code: "; ".join(meanings) for code, meanings in _ALL.items()}


def epilog(meanings: Mapping[int, str]) -> str:
    """Return lines for the end of a help text that keep their breaks."""
    lines = [f"  {code:<4}{meaning}" for code, meaning in meanings.items()]
    return "\n".join(["\b", "Exit codes:", *lines]).replace("`", "")


def epilog_of_all() -> str:
    """Return the end of the program's help."""
    return epilog({code: f"\n{' ' * 6}".join(meanings) for code, meanings in _ALL.items()})


def codes_of(verb: str) -> dict[int, str]:
    """Return the codes of a verb that has its own."""
    return {code: f"an error, or {text}" if code == ERROR else text for code, text in OF_VERBS[verb].items()}


def epilog_of(verb: str) -> str:
    """Return the end of the help of a verb with its own codes."""
    return epilog(codes_of(verb))
