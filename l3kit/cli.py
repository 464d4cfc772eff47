"""The command line: `l3kit init`, `l3kit sandbox up | status | list | down | fire`, `l3kit load`, `l3kit explain`,
`l3kit letters`, `l3kit replay`, `l3kit permissions`, `l3kit simulate`, `l3kit cost`, `l3kit first-light`.

Each command is a function and a few lines of parser; a command with subcommands has its own module.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from l3kit.cost.report.command import add_cost
from l3kit.errors import L3Error, SandboxError
from l3kit.extras import missing_module
from l3kit.files import refusal
from l3kit.first_light.command import add_first_light
from l3kit.given_values import read_table
from l3kit.new_project.command import add_init
from l3kit.operate.letters.command import add_letters
from l3kit.operate.load.command import add_load
from l3kit.operate.permission_command import add_permissions
from l3kit.operate.simulate.command import add_simulate
from l3kit.sandbox.command import add_sandbox

if TYPE_CHECKING:
    from l3kit.notebook.parameter_model import Dated
    from l3kit.session import Session
    from l3kit.twin.config import Twin


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns: the exit code: 0 success, 1 error reported on stderr, 3 `status` found none running, 4 `load` left rows in
        a bad-rows file.
    """
    parser = argparse.ArgumentParser(prog="l3kit", description="Storage tiers of digital twins, across clouds.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_init(commands)
    add_sandbox(commands)
    _add_explain(commands)
    add_letters(commands, _connected)
    add_load(commands, _connected, _read)
    add_permissions(commands)
    add_simulate(commands)
    add_cost(commands)
    add_first_light(commands)
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot display a character gets its escape
            stream.reconfigure(errors="backslashreplace")
    try:
        code: int = options.run(options)
        return code
    except L3Error as error:
        if options.json:
            print(json.dumps({"error": {"resource": error.resource, "cause": error.cause, "remedy": error.remedy}}))
        else:
            print(f"l3kit: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        cause, remedy = refusal(error)
        print(f"l3kit: {error.filename or 'a file'}: {cause}. {remedy}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"l3kit: {missing_module(str(error.name))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("l3kit: interrupted", file=sys.stderr)
        return 130


def _add_explain(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    about = "what each tier holds of a device, what is under way, what happens next and when"
    explain = commands.add_parser("explain", help=about, description=about.capitalize() + ".")
    where_help = "a notebook's params file, or a twin's folder (then in the default sandbox)"
    explain.add_argument("where", type=Path, metavar="PARAMS-OR-TWIN", help=where_help)
    explain.add_argument("device", metavar="DEVICE", help="device id")
    explain.add_argument("--now", metavar="ISO", default="", help="the moment the page stands for (default: now)")
    explain.add_argument("--json", action="store_true", help="print the result as JSON")
    explain.set_defaults(run=_explain)


def _explain(options: argparse.Namespace) -> int:
    from l3kit.operate.explain.gather import explain

    session, twin, parameters = _opened(options.where, {"as_of": options.now} if options.now else {})
    now = parameters.moment if parameters.as_of else None
    page = explain(session, twin, options.device, now=now)
    print(json.dumps(page.to_json(), ensure_ascii=False) if options.json else page)
    return 0


def _connected(where: Path) -> tuple[Session, Twin]:
    """Connect to the clouds of a twin. Raises: SandboxError if its sandbox is not running."""
    session, twin, _ = _opened(where, {})
    return session, twin


def _read(where: Path) -> Twin:
    """Read a twin's files."""
    from l3kit.notebook.parameter_model import Dated, check
    from l3kit.twin.config import Twin

    return Twin.load(where if where.is_dir() else check(Dated, _dated_parameters(where)).twin_path)


def _opened(where: Path, given: dict[str, Any]) -> tuple[Session, Twin, Dated]:
    from l3kit import sandbox
    from l3kit.notebook.parameter_model import Dated, check
    from l3kit.session import connect, sandbox_home
    from l3kit.twin.config import Twin

    parameters = check(Dated, {**_dated_parameters(where), **given})
    twin = Twin.load(parameters.twin_path)
    if parameters.target == "sandbox" and sandbox.status(sandbox_home(parameters.sandbox)) is None:
        raise SandboxError(
            f"sandbox {parameters.sandbox}", "is not running", "Start it and deploy the twin into it with deploy_l3"
        )
    session = connect(twin, parameters.target, sandbox=parameters.sandbox, **parameters.cloud_parameters)
    return session, twin, parameters


def _dated_parameters(where: Path) -> dict[str, Any]:
    """Load the parameters common to all notebooks from a params file; a twin's folder means the default sandbox."""
    from l3kit.notebook.parameter_model import Dated
    from l3kit.twin.target import cloud_parameter, new_name

    usual = {"target": "sandbox", "sandbox": "default", "as_of": ""}
    fixed = {"fresh": False, "result_path": ""}  # the command only reads
    if where.is_dir():
        return {**usual, **fixed, "twin": str(where.resolve())}
    content = read_table(where)
    ours = [key for key in map(str, content) if key in Dated.model_fields or cloud_parameter(key) or new_name(key)]
    return {**usual, **{key: content[key] for key in ours}, **fixed}


if __name__ == "__main__":
    sys.exit(main())
