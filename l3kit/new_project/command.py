"""`l3kit init NAME`: make the folder of a new twin, from flags or from answers."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from l3kit.errors import ConfigurationError

if TYPE_CHECKING:
    from l3kit.new_project.choices import Choices

HOT_DAYS, COLD_DAYS = 30, 90
Ask = Callable[[str], str]
_EPILOG = "What is not given is asked for in a terminal, and else has its default. Nothing is deployed."


def add_init(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `init` command."""
    about = "make the folder of a twin of your own: its files, params, notebooks, and a workflow for CI"
    parser = commands.add_parser("init", help=about, description=about.capitalize() + ".", epilog=_EPILOG)
    parser.add_argument("name", metavar="NAME", help="digital_twin_name: lower-case letters, digits and dashes")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where it goes (default: NAME)")
    layout_help = "clouds of hot, cold and archive, such as aws-azure-gcp (default: aws-aws-aws)"
    parser.add_argument("--layout", metavar="HOT-COLD-ARCHIVE", help=layout_help)
    parser.add_argument("--messages", metavar="CLOUD", help="cloud of layer 1 (default: that of hot)")
    parser.add_argument("--processing", metavar="CLOUD", help="cloud of layer 2 (default: that of layer 1)")
    parser.add_argument("--no-messages", action="store_true", help="no layers 1 and 2: data come by l3kit load alone")
    parser.add_argument("--hot-days", type=int, metavar="N", help=f"days in the hot tier (default: {HOT_DAYS})")
    cold_help = f"age in days at which data are archived (default: {COLD_DAYS}, or 60 more than hot)"
    parser.add_argument("--cold-days", type=int, metavar="N", help=cold_help)
    parser.add_argument("--devices", nargs="+", metavar="ID", help="ids of the devices")
    parser.add_argument("--dry-run", action="store_true", help="list the files; write nothing")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=_init)


def _init(options: argparse.Namespace) -> int:
    from l3kit.new_project.making import check_free, make_project, project_files

    folder = (options.folder or Path(options.name)).absolute()
    check_free(folder)
    choices = chosen(options, input if sys.stdin.isatty() and sys.stderr.isatty() and not options.json else None)
    made = sorted(name for name, _ in project_files(choices)) if options.dry_run else make_project(choices, folder)
    if options.json:
        print(json.dumps({"folder": str(folder), "files": made, "written": not options.dry_run}))
        return 0
    for name in made:
        print(name)
    if options.dry_run:
        print("a dry run: nothing was written")
    else:
        print(f"{len(made)} files in {options.folder or options.name}; its README.md tells the next steps")
    return 0


def chosen(options: argparse.Namespace, ask: Ask | None) -> Choices:
    """Return what the flags and answers say.

    Args:
        ask: asks in a terminal; None takes the defaults.
    Raises: ConfigurationError if a cloud is not known, or there is no device.
    """
    from l3kit.new_project.choices import Choices

    layout = _layout(options.layout or _answer(ask, "Clouds of hot, cold and archive", "aws-aws-aws"))
    hot = options.hot_days if options.hot_days is not None else _days(ask, "Days in the hot tier", HOT_DAYS)
    later = max(COLD_DAYS, hot + 60)
    cold = options.cold_days if options.cold_days is not None else _days(ask, "Days until the archive", later)
    devices = options.devices or _answer(ask, "Ids of the devices, with blanks between them", "").split()
    if not devices:
        raise ConfigurationError("--devices", "no device is named", "Name at least one: --devices pump-1 pump-2")
    messages = _cloud("--messages", options.messages or layout[0])
    processing = _cloud("--processing", options.processing or messages)
    return Choices(
        options.name, layout, messages, processing, hot, cold, devices, message_chain=not options.no_messages
    )


def _layout(text: str) -> tuple[str, str, str]:
    parts = text.split("-")
    if len(parts) != 3:
        raise ConfigurationError(
            f"layout {text!r}", "is not three clouds", "Give hot-cold-archive, such as aws-azure-gcp"
        )
    hot, cold, archive = (_cloud("--layout", part) for part in parts)
    return hot, cold, archive


def _cloud(option: str, name: str) -> str:
    from l3kit.given_values import did_you_mean
    from l3kit.providers import ALIASES, is_known, names

    if not is_known(known := ALIASES.get(name, name)):
        raise ConfigurationError(f"{option}: cloud {name!r}", "is not known", did_you_mean(name, names()))
    return known


def _answer(ask: Ask | None, question: str, default: str) -> str:
    if ask is None:
        return default
    try:
        return ask(f"{question}{f' [{default}]' if default else ''}: ").strip() or default
    except EOFError:
        return default


def _days(ask: Ask | None, question: str, default: int) -> int:
    text = _answer(ask, question, str(default))
    if not text.isdecimal():
        raise ConfigurationError(question, f"{text!r} is not a whole number of days", f"Give one, such as {default}")
    return int(text)
