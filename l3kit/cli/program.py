"""The program: all verbs together, and what is told of a wrong command line."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

import l3kit
from l3kit.cli import exit_codes
from l3kit.cli.cost import add_cost
from l3kit.cli.first_light import add_first_light
from l3kit.cli.init import add_init
from l3kit.cli.letters import add_letters
from l3kit.cli.load import add_load
from l3kit.cli.output import NO_COLOUR, Output
from l3kit.cli.permissions import add_permissions
from l3kit.cli.place import Connect, connected
from l3kit.cli.reading import add_reading
from l3kit.cli.sandbox import add_sandbox
from l3kit.cli.simulate import add_simulate

NAME = "l3kit"
_CODES = "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in exit_codes.MEANINGS.items()) + "."
_SEVERAL = "Separate several values of an option by commas: --devices pump-1,pump-2"


def run(arguments: Sequence[str], *, connect: Connect = connected) -> int:
    """Run one command. Returns: the exit code.

    Args:
        connect: connects to the clouds of a twin.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot display a character gets its escape
            stream.reconfigure(errors="backslashreplace")
    decorated = sys.stdout.isatty() and not os.environ.get(NO_COLOUR)
    try:
        code: int = program(decorated=decorated)(
            args=list(arguments), prog_name=NAME, standalone_mode=False, obj=connect
        )
    except typer.TyperException as error:
        return _told_usage(error, Output(as_json="--json" in arguments))
    return code


def program(*, decorated: bool) -> typer.Typer:
    """Return the whole command line.

    Args:
        decorated: help has panels and colours.
    """
    app = typer.Typer(
        name=NAME,
        help="Storage tiers of digital twins, across clouds.",
        epilog=_CODES,
        no_args_is_help=True,
        rich_markup_mode="rich" if decorated else None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_before_verbs)
    add_init(app)
    add_load(app)
    add_simulate(app)
    add_reading(app)
    add_letters(app)
    add_sandbox(app)
    add_cost(app)
    add_permissions(app)
    add_first_light(app)
    return app


def _before_verbs(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=lambda asked: _tell_version(asked), help="Print the version."
        ),
    ] = False,
) -> None:
    """Storage tiers of digital twins, across clouds."""


def _tell_version(asked: bool) -> None:
    if asked:
        print(f"{NAME} {l3kit.__version__}")
        raise typer.Exit


def _told_usage(error: typer.TyperException, output: Output) -> int:
    """Tell what is wrong with the command line."""
    context = getattr(error, "ctx", None)
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        print(message, file=sys.stderr)
        return exit_codes.USAGE
    remedy = _SEVERAL if "unexpected extra argument" in message else ""
    command = context.command_path if context else NAME
    remedy = f"{remedy}{'; ' if remedy else ''}{command} --help tells more"
    output.error(command, message, remedy, f"{message.rstrip('.')}. {remedy}")
    return exit_codes.USAGE
