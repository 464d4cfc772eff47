"""The program: all verbs, and the errors for a wrong command line."""

from __future__ import annotations

import functools
import io
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

import l3kit
from l3kit.cli import exit_codes
from l3kit.cli.alarms import add_alarms
from l3kit.cli.audit import add_audit
from l3kit.cli.cost import add_cost
from l3kit.cli.deploying import add_deploying
from l3kit.cli.erasing import add_erasing
from l3kit.cli.first_light import add_first_light
from l3kit.cli.holding import add_holding
from l3kit.cli.init import add_init
from l3kit.cli.letters import add_letters
from l3kit.cli.load import add_load
from l3kit.cli.logs import add_logs
from l3kit.cli.output import Output, reported
from l3kit.cli.pausing import add_pausing
from l3kit.cli.permissions import add_permissions
from l3kit.cli.pipes import discard_unread
from l3kit.cli.place import Connect, connected
from l3kit.cli.query import add_query
from l3kit.cli.reading import add_reading
from l3kit.cli.running import add_running
from l3kit.cli.runs import add_runs
from l3kit.cli.sandbox import add_sandbox
from l3kit.cli.simulate import add_simulate
from l3kit.cli.verbs import HELP_OPTIONS

NAME = "l3kit"
HELP_WIDTH = 118
"""Maximum characters per line of help."""
_SEVERAL = "Separate several values of an option by commas: --devices pump-1,pump-2"


def run(arguments: Sequence[str], *, connect: Connect = connected) -> int:
    """Run one command. Returns: the exit code.

    Args:
        connect: connects to the clouds of a twin.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot display a character gets its escape
            stream.reconfigure(errors="backslashreplace")
    output = Output(as_json="--json" in arguments)

    def work() -> int:
        try:
            code: int = root_command()(args=list(arguments), prog_name=NAME, standalone_mode=False, obj=connect)
        except typer.TyperException as error:
            return _report_usage(error, output)
        except SystemExit:
            if discard_unread():  # typer ends so where it cannot write the help
                return exit_codes.UNREAD
            raise
        return code

    return reported(output, work)


@functools.cache
def root_command() -> Callable[..., int]:
    """Return the whole command line as typer parses it; building it takes most of a short command's time."""
    return typer.main.get_command(program())


def program() -> typer.Typer:
    """Return the whole command line. Its help is plain text: rich would double its start-up time."""
    app = typer.Typer(
        name=NAME,
        help="Storage tiers of digital twins, across clouds.",
        epilog=exit_codes.epilog_of_all(),
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={**HELP_OPTIONS, "max_content_width": HELP_WIDTH},
    )
    app.callback()(_before_verbs)
    add_init(app)
    add_load(app)
    add_simulate(app)
    add_deploying(app)
    add_running(app)
    add_audit(app)
    add_pausing(app)
    add_holding(app)
    add_erasing(app)
    add_runs(app)
    add_alarms(app)
    add_query(app)
    add_reading(app)
    add_letters(app)
    add_logs(app)
    add_sandbox(app)
    add_cost(app)
    add_permissions(app)
    add_first_light(app)
    return app


def _before_verbs(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=lambda ctx, asked: _tell_version(ctx, asked), help="Print the version."
        ),
    ] = False,
) -> None:
    """Storage tiers of digital twins, across clouds."""


def _tell_version(ctx: typer.Context, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:  # not where a shell completes the line
        print(f"{NAME} {l3kit.__version__}")
        raise typer.Exit


def _report_usage(error: typer.TyperException, output: Output) -> int:
    """Report an error in the command line."""
    context = getattr(error, "ctx", None)
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        print(message, file=sys.stderr)
        return exit_codes.USAGE
    remedy = _SEVERAL if "unexpected extra argument" in message else ""
    command = context.command_path if context else NAME
    remedy = f"{remedy}; see {command} --help" if remedy else f"See {command} --help"
    sentence = message if message.endswith((".", "?")) else f"{message}."
    output.error(command, message, remedy, f"{sentence.replace('?.', '?')} {remedy}")
    return exit_codes.USAGE
