"""`l3kit init NAME`: create the folder of a new twin, from flags or from answers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from l3kit.cli.completing import clouds
from l3kit.cli.exit_codes import SUCCESS
from l3kit.cli.output import Output
from l3kit.cli.values import listed
from l3kit.cli.verbs import verb
from l3kit.errors import ConfigurationError

if TYPE_CHECKING:
    from l3kit.new_project.choices import Choices

HOT_DAYS, COLD_DAYS = 30, 90
Ask = Callable[[str], str]
_EPILOG = "Missing values are asked for on a terminal; elsewhere they have their defaults. Nothing is deployed."


@dataclass(frozen=True, slots=True)
class Flags:
    """The new twin's settings from the command line; None and empty mean not given."""

    name: str
    layout: str | None = None
    messages: str | None = None
    processing: str | None = None
    hot_days: int | None = None
    cold_days: int | None = None
    devices: list[str] = field(default_factory=list)
    no_messages: bool = False
    devices_from: Path | None = None
    device_column: str = ""
    encoding: str = "utf-8"
    examples: bool = False


def add_init(app: typer.Typer) -> None:
    """Add the verb `init`."""

    @verb(app, "init", epilog=_EPILOG)
    def init(
        output: Output,
        name: Annotated[
            str, typer.Argument(metavar="NAME", help="digital_twin_name: lower-case letters, digits and dashes.")
        ],
        folder: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder to create (default: NAME).")] = None,
        layout: Annotated[
            str | None,
            typer.Option(metavar="HOT-COLD-ARCHIVE", help="Clouds, such as aws-azure-gcp (default: aws-aws-aws)."),
        ] = None,
        messages: Annotated[
            str | None,
            typer.Option(metavar="CLOUD", autocompletion=clouds, help="Cloud of layer 1 (default: that of hot)."),
        ] = None,
        processing: Annotated[
            str | None,
            typer.Option(metavar="CLOUD", autocompletion=clouds, help="Cloud of layer 2 (default: that of layer 1)."),
        ] = None,
        no_messages: Annotated[
            bool, typer.Option("--no-messages", help="Without layers 1 and 2: data come only from l3kit load.")
        ] = False,
        hot_days: Annotated[
            int | None, typer.Option(metavar="N", help=f"Days in the hot tier (default: {HOT_DAYS}).")
        ] = None,
        cold_days: Annotated[
            int | None,
            typer.Option(
                metavar="N",
                help=f"Age in days at which data are archived (default: {COLD_DAYS}, or 60 more than hot).",
            ),
        ] = None,
        devices: Annotated[list[str] | None, typer.Option(metavar="ID[,...]", help="Ids of the devices.")] = None,
        devices_from: Annotated[
            Path | None, typer.Option(metavar="FILE.csv", help="File with the ids in one of its columns.")
        ] = None,
        device_column: Annotated[
            str, typer.Option(metavar="COLUMN", help="Column with the ids (default: found by its name, or id).")
        ] = "",
        encoding: Annotated[str, typer.Option(metavar="NAME", help="Encoding of that file.")] = "utf-8",
        examples: Annotated[
            bool,
            typer.Option("--examples", help="Also the walkthrough, crash lab and cost report, with the example twins."),
        ] = False,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="List the files; write nothing.")] = False,
    ) -> int:
        """Create the folder of your own twin. It gets config files, params, notebooks, and a workflow for CI."""
        file = (devices_from, device_column, encoding)
        given = (name, layout, messages, processing, hot_days, cold_days, listed(devices), no_messages)
        flags = Flags(*given, *file, examples=examples)
        return _make(output, flags, folder or Path(name), dry_run=dry_run)


def _make(output: Output, flags: Flags, folder: Path, *, dry_run: bool) -> int:
    from l3kit.new_project.making import check_free, make_project, project_files

    check_free(folder.absolute())
    asks = sys.stdin.isatty() and sys.stderr.isatty() and not output.as_json
    notes: list[str] = []
    choices = chosen(flags, _ask if asks else None, notes.append)
    made = sorted(name for name, _ in project_files(choices)) if dry_run else make_project(choices, folder.absolute())
    end = (
        "a dry run: nothing was written"
        if dry_run
        else f"{len(made)} files in {folder}; the next steps are in its README.md"
    )
    content = {"folder": str(folder.absolute()), "files": made, "written": not dry_run, "notes": notes}
    for note in () if output.as_json else notes:
        output.tell(note)
    output.say(content, "\n".join([*made, end]))
    return SUCCESS


def _ask(question: str) -> str:
    """Ask on stderr, since stdout may be a file. Raises: EOFError at the end of the input."""
    print(question, end="", file=sys.stderr, flush=True)
    if not (line := sys.stdin.readline()):
        raise EOFError
    return line.rstrip("\n")


def chosen(options: Flags, ask: Ask | None, tell: Callable[[str], None]) -> Choices:
    """Return the choices from flags and answers.

    Args:
        ask: asks on the terminal; None takes the defaults.
        tell: takes notes about what is omitted.
    Raises: ConfigurationError if a cloud is unknown, there is no device, or the device file is invalid.
    """
    from l3kit.new_project.choices import Choices

    layout = _layout(options.layout or _answer(ask, "Clouds of hot, cold and archive", "aws-aws-aws"))
    hot = options.hot_days if options.hot_days is not None else _days(ask, "Days in the hot tier", HOT_DAYS)
    later = max(COLD_DAYS, hot + 60)
    cold = options.cold_days if options.cold_days is not None else _days(ask, "Days until the archive", later)
    devices = _devices(options, tell) or _answer(ask, "Ids of the devices, with blanks between them", "").split()
    if not devices:
        raise ConfigurationError("--devices", "no device is named", "Name at least one: --devices pump-1,pump-2")
    messages = _cloud("--messages", options.messages or layout[0])
    processing = _cloud("--processing", options.processing or messages)
    twin = (options.name, layout, messages, processing, hot, cold, devices)
    return Choices(*twin, message_chain=not options.no_messages, examples=options.examples)


def _devices(options: Flags, tell: Callable[[str], None]) -> list[str]:
    """The named devices, then those of a file."""
    from l3kit.new_project.device_file import devices_of_file

    if options.devices_from is None:
        if options.device_column:
            raise ConfigurationError("--device-column", "is an option of --devices-from", "Name the file too")
        return options.devices
    found = devices_of_file(options.devices_from, options.device_column, options.encoding, tell)
    return options.devices + [device for device in found if device not in options.devices]


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
