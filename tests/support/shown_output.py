"""Output that a page shows, compared with what a command prints."""

from __future__ import annotations

GAP = "..."


def first_line_not_printed(shown: str, printed: str) -> str | None:
    """Return the first line of a page's block that was not printed where it stands; None if all were.

    A line of three dots stands for any number of lines; other lines follow each other without a gap. Blanks at the end
    of a line are not compared.
    """
    lines = [line.rstrip() for line in printed.splitlines()]
    at, anywhere = 0, False
    for line in (line.rstrip() for line in shown.splitlines()):
        if line == GAP:
            anywhere = True
            continue
        found = next((n for n in range(at, len(lines)) if lines[n] == line and (anywhere or n == at)), None)
        if found is None:
            return line
        at, anywhere = found + 1, False
    return None if anywhere or at == len(lines) else f"end of the block, before: {lines[at]}"
