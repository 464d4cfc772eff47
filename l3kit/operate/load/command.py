"""`l3kit load TWIN FILE...`: readings from files, or another table, into a twin's hot tier."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from l3kit.errors import ConfigurationError

if TYPE_CHECKING:
    from l3kit.operate.load.settings import LoadOptions
    from l3kit.session import Session
    from l3kit.twin.config import Twin

Connect = Callable[[Path], "tuple[Session, Twin]"]
"""Connects to the clouds of a twin, given its folder or a params file."""
Read = Callable[[Path], "Twin"]
"""Reads the files of a twin, given the same, without its clouds."""
BAD_ROWS = 4
"""Exit code of a load that reached the end of its files and left rows in a bad-rows file."""
_MORE = """exit codes: 0 every row is in the hot tier; 4 the others are, and the bad rows are in FILE.bad.csv or .jsonl;
1 an error, after which the same command continues; 2 wrong options; 130 interrupted, the same command continues.
docs/load.md describes files, columns, times and bad rows."""


def add_load(commands: argparse._SubParsersAction[argparse.ArgumentParser], connect: Connect, read: Read) -> None:
    """Add the `load` command."""
    about = (
        "load readings from files (CSV, JSON lines, JSON arrays, Parquet) or a table into a twin's hot tier, each once"
    )
    parser = commands.add_parser(
        "load",
        help=about,
        description=about + ".",
        epilog=_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where_help = "the twin's folder (then in the default sandbox), or a notebook's params file"
    parser.add_argument("where", type=Path, metavar="TWIN", help=where_help)
    parser.add_argument("files", nargs="*", metavar="FILE", help="files, folders, or - for standard input; also .gz")
    table_help = "copy this table, container or collection instead, which is only read"
    parser.add_argument("--from-table", metavar="NAME", help=table_help)
    parser.add_argument("--from-cloud", metavar="CLOUD", help="where that is (default: on the hot tier's cloud)")
    form_help = "form of the files (default: as the name or the first bytes tell): csv, jsonl, json, parquet"
    parser.add_argument("--form", metavar="FORM", help=form_help)
    _add_columns(parser)
    _add_times(parser)
    _add_cells(parser)
    parser.add_argument("--add-devices", action="store_true", help="add new devices to config_iot_devices.json")
    replace_help = "replace items of the same device and time with other content, and keep these in FILE.replaced.jsonl"
    parser.add_argument("--replace", action="store_true", help=replace_help)
    parser.add_argument("--rate", type=float, metavar="R", help="rows a second at most (default: no limit)")
    read_help = "read units a second at most from the table (default: half of what is provisioned; 0: no limit)"
    parser.add_argument("--read-rate", type=float, metavar="R", help=read_help)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of bad rows and progress (default: the file's)")
    parser.add_argument("--restart", action="store_true", help="begin anew where a load was interrupted")
    dry_help = "write nothing: tell the first items and all bad rows, of a table those of a sample"
    parser.add_argument("--dry-run", action="store_true", help=dry_help)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=partial(_load, connect, read))


def _add_columns(parser: argparse.ArgumentParser) -> None:
    device = parser.add_mutually_exclusive_group()
    device.add_argument("--device", metavar="COLUMN", help="column with the device (default: by its name)")
    device.add_argument("--device-id", metavar="ID", help="the one device of all rows")
    parser.add_argument("--time", metavar="COLUMN", help="column with the time (default: by its name)")
    _add_list(parser, "--rename", "OLD=NEW", "names of columns in the items")
    _add_list(parser, "--value", "COLUMN", "take only these columns beside device and time")
    _add_list(parser, "--drop", "COLUMN", "leave these columns out")


def _add_times(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--time-format", metavar="F", help="as of Python's strptime, such as '%%d.%%m.%%Y %%H:%%M'")
    parser.add_argument("--timezone", metavar="ZONE", help="of times without one, such as UTC or Europe/Vienna")
    hour_help = "which one a time means that occurs twice when summer time ends: earlier or later (default: refuse)"
    parser.add_argument("--repeated-hour", metavar="WHICH", help=hour_help)


def _add_cells(parser: argparse.ArgumentParser) -> None:
    cells = parser.add_argument_group("CSV")
    _add_list(cells, "--text", "COLUMN", "keep the cells as text, though they look like numbers")
    _add_list(cells, "--missing", "TEXT", "cells that mean nothing, such as NA; empty ones always do")
    cells.add_argument("--decimal", metavar="SIGN", help="decimal sign of numbers: a point (default) or a comma")
    cells.add_argument("--delimiter", type=_sign, metavar="SIGN", help="between cells (default: found; \\t is a tab)")
    cells.add_argument("--encoding", metavar="NAME", help="such as latin-1 or utf-16 (default: utf-8)")
    _add_list(cells, "--columns", "NAME", "names of the columns, of a file without a header")


def _add_list(parser: Any, flag: str, what: str, about: str) -> None:
    parser.add_argument(flag, nargs="+", action="extend", metavar=what, help=about)


def _sign(text: str) -> str:
    return "\t" if text == "\\t" else text


def _load(connect: Connect, read: Read, options: argparse.Namespace) -> int:
    from l3kit.notebook.progress import Bars, Silent
    from l3kit.operate.load.loading import load

    given = _options(options)
    apart = options.dry_run and not options.from_table
    session, twin = (None, read(options.where)) if apart else connect(options.where)
    shown = Bars() if sys.stderr.isatty() else Silent()
    result = load(session, twin, options.files, given, shows=partial(shown.sizes, "load"))
    print(json.dumps(result.to_json(), ensure_ascii=False) if options.json else result)
    return BAD_ROWS if result.total("bad") else 0


def _options(options: argparse.Namespace) -> LoadOptions:
    from l3kit.operate.load.settings import LoadOptions

    given = {name: value for name in LoadOptions.__annotations__ if (value := getattr(options, name)) is not None}
    if "rename" in given:
        given["rename"] = dict(map(_pair, given["rename"]))
    return cast("LoadOptions", given)


def _pair(text: str) -> tuple[str, str]:
    old, sign, new = text.partition("=")
    if not (old and sign and new):
        raise ConfigurationError(
            "--rename", f"{text!r} is not OLD=NEW", "Give a column's name and its name in the items"
        )
    return old, new
