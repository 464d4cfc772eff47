"""`l3kit letters TWIN` and `l3kit replay TWIN`: list a twin's dead letters, and send them through the chain again."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

Connect = Callable[[Path], "tuple[Session, Twin]"]
"""Connects to the clouds of a twin, given its folder or a params file."""
LIST_LIMIT = 100
SKIPPED = "superseded is skipped unless it is named, since its replay replaces newer versions"


def add_letters(commands: argparse._SubParsersAction[argparse.ArgumentParser], connect: Connect) -> None:
    """Add the commands `letters` and `replay`."""
    about = "list the dead letters of a twin on all its clouds, with problem, cause and device"
    listed = _parser(commands, "letters", about, f"{about.capitalize()}.")
    listed.add_argument("--limit", type=_limit, default=LIST_LIMIT, metavar="N", help=f"default: {LIST_LIMIT}; or all")
    listed.set_defaults(run=partial(_letters, connect))
    about = "send a twin's dead letters through the message chain again, and delete those that are taken"
    described = f"{about.capitalize()}. {SKIPPED.capitalize()}. Exit code 1 if one stayed, or a cloud was not reached."
    replayed = _parser(commands, "replay", about, described)
    replayed.add_argument("--limit", type=_limit, default=None, metavar="N", help="at most so many (default: all)")
    replayed.add_argument("--dry-run", action="store_true", help="tell what would be sent; send and delete nothing")
    replayed.set_defaults(run=partial(_replay, connect))


def _parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, about: str, described: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=about, description=described)
    where_help = "the twin's folder (then in the default sandbox), or a notebook's params file"
    parser.add_argument("where", type=Path, metavar="TWIN", help=where_help)
    problem_help = "only these problems, such as unknown-device or undelivered; may be given more than once"
    parser.add_argument("--problem", action="append", default=[], metavar="PROBLEM", help=problem_help)
    parser.add_argument("--device", metavar="ID", help="only messages of this device")
    since_help = "only messages received from then on: 2026-05-31, or 2026-05-31T08:30:00Z"
    parser.add_argument("--since", metavar="ISO", help=since_help)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def _limit(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of letters; give 1 or more, or all")
    return int(text)


def _letters(connect: Connect, options: argparse.Namespace) -> int:
    from l3kit.operate.letters.listing import letters
    from l3kit.operate.letters.shown import letters_in_blocks, letters_in_lines

    report = letters(*connect(options.where), **_choice(options))
    if options.json:
        print(json.dumps(report.to_json(), ensure_ascii=False))
    elif sys.stdout.isatty():
        print(letters_in_blocks(report, _columns()))
    else:
        print(letters_in_lines(report))
        for told in (report.summary(), *report.notes):
            print(told, file=sys.stderr)
    return 0


def _replay(connect: Connect, options: argparse.Namespace) -> int:
    from l3kit.operate.letters.replay import replay_letters
    from l3kit.operate.letters.shown import replay_in_blocks

    session, twin = connect(options.where)
    shown = sys.stderr.isatty()
    progress: Callable[[str], None] = _show if shown else lambda step: None
    result = replay_letters(session, twin, **_choice(options), dry_run=options.dry_run, progress=progress)
    if shown:
        print(file=sys.stderr)
    print(json.dumps(result.to_json(), ensure_ascii=False) if options.json else replay_in_blocks(result, _columns()))
    return 1 if result.stayed or result.gaps else 0


def _columns() -> int:
    from l3kit.notebook.tables import WIDTH

    return shutil.get_terminal_size((WIDTH, 0)).columns


def _choice(options: argparse.Namespace) -> dict[str, Any]:
    return {"problem": options.problem, "device": options.device, "since": options.since, "limit": options.limit}


def _show(step: str) -> None:
    """Show the present step on one line of the terminal."""
    print(f"\r{step}", end="", file=sys.stderr, flush=True)
