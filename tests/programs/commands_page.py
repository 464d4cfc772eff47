"""Write docs/reference/commands.md from the command line's own help: `python -m tests.programs.commands_page`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from l3kit.cli.program import NAME, root_command

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "commands.md"
WIDTH = 100
HEAD = """# Every command and its options

For those who look up an option: the help of every verb, as `l3kit VERB --help` prints it. What the verbs are for, and
the exit codes: [command line](command_line.md).

Made from the program by `make pages`; change that, not this page.
"""


def page() -> str:
    """The page's text."""
    return "\n".join([HEAD, *(_section(words, command) for words, command in commands())])


def commands(group: Any = None, words: tuple[str, ...] = (NAME,)) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each verb with its words, in the order of the help."""
    for name, command in (group or root_command()).commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield (*words, name), command


def _section(words: tuple[str, ...], command: Any) -> str:
    line = " ".join(words)
    context = command.make_context(line, [], resilient_parsing=True, terminal_width=WIDTH)
    return f"## `{line}`\n\n```text\n{context.get_help().rstrip()}\n```\n"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
