"""Output of a verb: results on stdout, as text or as one JSON document; everything else on stderr."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from l3kit.cli import exit_codes
from l3kit.cli.pipes import discard_unread, discard_unwritten
from l3kit.errors import L3Error
from l3kit.extras import missing_module

if TYPE_CHECKING:
    from l3kit.notebook.gaps import Gap
    from l3kit.notebook.progress import Silent
    from l3kit.notebook.tables import Displayable

_CONNECT = "Check that the other end is up and can be reached, then run the same command again"

_LEAD_ELSEWHERE = "Make room on that disk, or redirect the output, then run the same command again"


class Told(Protocol):
    """A printable result."""

    def to_json(self) -> dict[str, Any]:
        """The JSON document."""
        ...


@dataclass(frozen=True, slots=True)
class Output:
    """The form in which one verb prints its results and progress.

    Attributes:
        as_json: one JSON document on stdout, an error's too.
        quiet: nothing on stderr but errors.
        verbose: every step as a line on stderr.
    """

    as_json: bool = False
    quiet: bool = False
    verbose: bool = False

    def answer(self, answer: Told, more: Mapping[str, Any] | None = None) -> None:
        """Print a result.

        Args:
            more: further members of the JSON document.
        """
        if self.as_json:
            self.document({**answer.to_json(), **(more or {})})
        elif sys.stdout.isatty():
            from l3kit.cli.rendering import show

            show(answer, sys.stdout, unchanged=self.verbose)
        else:
            print(answer)

    def say(self, content: Mapping[str, Any] | Sequence[Any], text: str) -> None:
        """Print a result given in both forms."""
        if self.as_json:
            self.document(content)
        else:
            print(text)

    def document(self, content: Mapping[str, Any] | Sequence[Any]) -> None:
        """Print the JSON document: on a terminal with line breaks, in a pipe as one line."""
        print(json.dumps(content, ensure_ascii=False, default=str, indent=2 if sys.stdout.isatty() else None))

    def exact_document(self, content: Mapping[str, Any]) -> None:
        """Print the JSON document with every digit of its numbers."""
        from l3kit.tiering.format.exact_numbers import exact_dumps

        print(exact_dumps(dict(content)).decode())

    def tell(self, text: str) -> None:
        """Print a message to stderr."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def tell_gaps(self, gaps: Iterable[Gap]) -> None:
        """Print an answer's gaps to stderr, even with `--quiet`: a partial answer must not pass for a complete one."""
        for gap in gaps:
            print(f"l3kit: {gap.summary()}", file=sys.stderr, flush=True)

    def show_aside(self, answer: Displayable) -> None:
        """Print to stderr what the user has to confirm, or what was found along the way."""
        if sys.stderr.isatty():
            from l3kit.cli.rendering import show

            show(answer, sys.stderr, unchanged=self.verbose)
        else:
            print(answer, file=sys.stderr)

    def shows(self) -> Silent:
        """Return the display for the progress of long steps: bars on a terminal, lines if requested, else nothing."""
        from l3kit.cli.step_lines import PassingSteps, StepLines
        from l3kit.notebook.progress import Silent

        if self.verbose:
            return StepLines(lambda line: print(line, file=sys.stderr, flush=True))
        return PassingSteps() if sys.stderr.isatty() and not self.quiet else Silent()

    def error(self, resource: str, cause: str, remedy: str, text: str = "") -> None:
        """Print an error: the JSON document, or a sentence on stderr."""
        if self.as_json:
            self.document({"error": {"resource": resource, "cause": cause, "remedy": remedy}})
        else:
            print(f"l3kit: {text or f'{resource}: {cause}. {remedy}'}", file=sys.stderr)


def reported(output: Output, work: Callable[[], int]) -> int:
    """Do a verb's work, and report its failure. Returns: the exit code."""
    try:
        code = _reported(output, work)
        sys.stdout.flush()  # an error's document too
    except OSError as error:
        if isinstance(error, BrokenPipeError) and discard_unread():
            return exit_codes.UNREAD
        discard_unwritten(error)
        return _unwritten(error)
    return code


def _reported(output: Output, work: Callable[[], int]) -> int:
    try:
        code = work()
        sys.stdout.flush()
    except L3Error as error:
        notes = "".join(f" {note}" for note in getattr(error, "__notes__", ()))
        output.error(error.resource, error.cause, f"{error.remedy}{notes}", f"{error}{notes}")
    except (ConnectionError, TimeoutError) as error:
        if isinstance(error, BrokenPipeError) and discard_unread():
            return exit_codes.UNREAD
        output.error("network", f"a connection failed ({error.strerror or type(error).__name__})", _CONNECT)
    except OSError as error:
        if discard_unwritten(error):
            return _unwritten(error)
        from l3kit.files import refusal

        output.error(str(error.filename or "a file"), *refusal(error))
    except ModuleNotFoundError as error:
        missing = missing_module(str(error.name))
        output.error(missing.resource, missing.cause, missing.remedy)
    except KeyboardInterrupt as stop:
        notes = " ".join(getattr(stop, "__notes__", ()))
        output.error("l3kit", "interrupted", notes, f"interrupted. {notes}" if notes else "interrupted")
        return exit_codes.INTERRUPTED
    else:
        return code
    return exit_codes.ERROR


def _unwritten(error: OSError) -> int:
    """Report on stderr, if possible, that the output is lost. Returns: the exit code."""
    cause = f"cannot be written ({error.strerror or type(error).__name__})"
    with contextlib.suppress(OSError):
        print(f"l3kit: the output: {cause}. {_LEAD_ELSEWHERE}", file=sys.stderr)
    return exit_codes.UNWRITTEN
