"""The command line: `l3kit sandbox up | status | down | fire`, `l3kit explain`, `l3kit permissions`, `l3kit cost`,
`l3kit first-light`.

A verb is a function and a few lines of parser.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from l3kit.cost.command import add_cost
from l3kit.errors import ConfigurationError, L3Error, SandboxError
from l3kit.files import refusal
from l3kit.first_light.command import add_first_light
from l3kit.permission_command import add_permissions


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0 done, 1 an error told on stderr, 3 `status` found nothing running."""
    parser = argparse.ArgumentParser(prog="l3kit", description="Storage tiers of digital twins, across clouds.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_sandbox(commands)
    _add_explain(commands)
    add_permissions(commands)
    add_cost(commands)
    add_first_light(commands)
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot show a character gets its escape
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
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        cause, remedy = refusal(error)
        print(f"l3kit: {error.filename or 'a file'}: {cause}. {remedy}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"l3kit: {error.name} is not installed. Install the extras: pip install 'l3kit[all]'", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("l3kit: interrupted", file=sys.stderr)
        return 130


def _add_sandbox(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    about = "the clouds on loopback: emulators and functions on this machine, no account needed"
    sandbox = commands.add_parser("sandbox", help=about, description=about.capitalize() + ".")
    verbs = sandbox.add_subparsers(dest="verb", required=True, metavar="VERB")

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print the result as JSON")
    home_help = "the sandbox's folder (default: L3KIT_SANDBOX_HOME, else .l3kit/sandbox in the project)"
    common.add_argument("--home", type=Path, metavar="DIR", help=home_help)

    up = verbs.add_parser("up", parents=[common], help="start it, or find the running one")
    up.add_argument("--idle-hours", type=float, default=4.0, metavar="H", help="stop after H hours unused (default: 4)")
    clouds_help = "also start the services of these clouds (default: aws alone, which is always there)"
    up.add_argument("--clouds", nargs="+", choices=("aws", "azure", "gcp"), default=["aws"], help=clouds_help)
    up.set_defaults(run=_sandbox_up)
    verbs.add_parser("status", parents=[common], help="what runs").set_defaults(run=_sandbox_status)
    verbs.add_parser("down", parents=[common], help="stop it, leave no process").set_defaults(run=_sandbox_down)
    fire = verbs.add_parser("fire", parents=[common], help="fire a schedule by hand")
    fire.add_argument("name", help="the schedule's name; on azure and gcp the deployed function's")
    fire.add_argument("--cloud", choices=("aws", "azure", "gcp"), default="aws", help="where it is (default: aws)")
    fire.add_argument("--group", default="default", help="the schedule's group (default: default)")
    fire.add_argument("--time", metavar="ISO", help="the scheduled time the event speaks of (default: now)")
    fire.set_defaults(run=_sandbox_fire)


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
    from l3kit import sandbox
    from l3kit.explanation import explain
    from l3kit.params import Dated, check
    from l3kit.session import connect, sandbox_home
    from l3kit.twin import Twin

    given = {"as_of": options.now} if options.now else {}
    parameters = check(Dated, {**_dated_parameters(options.where), **given})
    twin = Twin.load(parameters.twin_path)
    if parameters.target == "sandbox" and sandbox.status(sandbox_home(parameters.sandbox)) is None:
        raise SandboxError(
            f"sandbox {parameters.sandbox}", "is not up", "Start it and deploy the twin into it with deploy_l3"
        )
    session = connect(
        twin, parameters.target, region=parameters.region, profile=parameters.profile, sandbox=parameters.sandbox
    )
    now = parameters.moment if parameters.as_of else None
    page = explain(session, twin, options.device, now=now)
    print(json.dumps(page.to_json(), ensure_ascii=False) if options.json else page)
    return 0


def _dated_parameters(where: Path) -> dict[str, Any]:
    """What every notebook takes, from the params file of one; a twin's folder stands for the default sandbox."""
    from l3kit.params import Dated

    usual = {"target": "sandbox", "sandbox": "default", "region": "us-east-1", "profile": "", "as_of": ""}
    fixed = {"fresh": False, "result_path": ""}  # this only reads
    if where.is_dir():
        return {**usual, **fixed, "twin": str(where.resolve())}
    import yaml

    try:
        content = yaml.safe_load(where.read_text("utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ConfigurationError(str(where), f"cannot be read ({type(error).__name__})", "Name a params file") from None
    if not isinstance(content, dict):
        raise ConfigurationError(str(where), "is not a params file", "Name one of params/*.yaml, or a twin's folder")
    return {**usual, **{key: content[key] for key in content if key in Dated.model_fields}, **fixed}


def _sandbox_up(options: argparse.Namespace) -> int:
    from l3kit import sandbox

    def tell(text: str) -> None:
        print(f"{text} ...", file=sys.stderr)

    state = sandbox.up(options.home, tell, idle_hours=options.idle_hours)
    _print_state(sandbox.ensure_up(state.home, tell, clouds=options.clouds), options)
    return 0


def _sandbox_status(options: argparse.Namespace) -> int:
    from l3kit import sandbox

    state = sandbox.status(options.home)
    if state is None:
        print(json.dumps({"running": False}) if options.json else "the sandbox is not up")
        return 3
    _print_state(state, options)
    return 0


def _sandbox_down(options: argparse.Namespace) -> int:
    from l3kit import sandbox

    stopped = sandbox.down(options.home)
    if options.json:
        print(json.dumps({"running": False, "stopped": stopped}))
    else:
        print("stopped" if stopped else "the sandbox was not up")
    return 0


def _sandbox_fire(options: argparse.Namespace) -> int:
    from l3kit import sandbox

    if options.cloud != "aws":
        return _fire_function(options)
    firing = sandbox.fire_schedule(options.name, options.group, options.time, home=options.home)
    if options.json:
        print(json.dumps(asdict(firing)))
    else:
        print(f"{firing.function} {'failed' if firing.function_error else 'returned'}: {firing.payload}")
    return 1 if firing.function_error else 0


def _fire_function(options: argparse.Namespace) -> int:
    from l3kit import sandbox
    from l3kit.sandbox.cloud_functions.client import SandboxFunctionHost

    state = sandbox.status(options.home)
    if state is None:
        raise SandboxError("sandbox", "is not up", "Run `l3kit sandbox up`")
    host = SandboxFunctionHost(state.aws_endpoint, options.cloud)
    timers = host.timers(options.name)
    if not timers:
        raise SandboxError(f"function {options.name}", f"has no schedule on {options.cloud}, or is not deployed")
    outcome = host.fire(options.name, next(iter(timers)), options.time)
    failed = int(outcome["status"]) >= 400
    print(json.dumps(outcome) if options.json else f"{options.name} answered {outcome['status']}: {outcome['body']}")
    return 1 if failed else 0


def _print_state(state: object, options: argparse.Namespace) -> None:
    from l3kit.sandbox import SandboxState

    assert isinstance(state, SandboxState)
    if options.json:
        print(json.dumps({"running": True, **state.to_json()}))
        return
    print(f"endpoint  {state.aws_endpoint}  ({state.region})")
    for name, address in state.endpoints.items():
        print(f"{name:<9} {address}")
    print(f"home      {state.home}")
    for process in state.processes:
        print(f"{process.name:<9} pid {process.pid}, port {process.port}, log {process.log_file}")


if __name__ == "__main__":
    sys.exit(main())
