"""The command line: `l3kit VERB`, whose verbs are the words of `l3kit.open(...)`.

`program.py` puts it together, `verbs.py` makes a verb of a function, `place.py` finds the twin, `output.py` writes the
output; every other module is one verb, or a family of verbs that share options.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from l3kit.extras import missing_module


def main(arguments: Sequence[str] | None = None, **doubles: Any) -> int:
    """Run one command.

    Args:
        arguments: without the program's name; None takes the process's own.
        doubles: further arguments of `program.run`, for tests.
    Returns: the exit code, one of `exit_codes.MEANINGS`.
    """
    try:
        from l3kit.cli.program import run
    except ModuleNotFoundError as error:  # l3kit alone, without an extra
        print(f"l3kit: {missing_module(str(error.name))}", file=sys.stderr)
        return 1
    return run(sys.argv[1:] if arguments is None else arguments, **doubles)
