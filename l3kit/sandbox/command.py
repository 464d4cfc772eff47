"""Command line of the sandbox: `l3kit sandbox up | status | list | down | fire`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from l3kit.sandbox import SandboxState
    from l3kit.sandbox.listing import Listed

NOT_UP = 3
"""Exit code of `status` when the sandbox is not running."""


def add_sandbox(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `sandbox` command."""
    about = "the clouds on loopback: emulators and functions on this machine, no account needed"
    sandbox = commands.add_parser("sandbox", help=about, description=about.capitalize() + ".")
    verbs = sandbox.add_subparsers(dest="verb", required=True, metavar="VERB")

    as_json = argparse.ArgumentParser(add_help=False)
    as_json.add_argument("--json", action="store_true", help="print the result as JSON")

    up = verbs.add_parser("up", parents=[as_json], help="start the sandbox, or show the running one")
    _add_which(up)
    idle_help = "stop after H hours without a request (default: 168, a week)"
    up.add_argument("--idle-hours", type=float, default=168.0, metavar="H", help=idle_help)
    clouds_help = "start the services of these clouds at once (default: aws); the others join when they are needed"
    up.add_argument("--clouds", nargs="+", type=_cloud, metavar="CLOUD", default=["aws"], help=clouds_help)
    up.add_argument("--mqtt", action="store_true", help="start the MQTT broker too, which joins with a twin's messages")
    up.set_defaults(run=_up)
    status = verbs.add_parser("status", parents=[as_json], help="show the running services")
    _add_which(status)
    status.set_defaults(run=_status)
    list_help = "list the sandboxes of this project, and those running elsewhere"
    verbs.add_parser("list", parents=[as_json], help=list_help).set_defaults(run=_list)
    down = verbs.add_parser("down", parents=[as_json], help="stop the sandbox and all of its processes")
    _add_which(down).add_argument("--all", action="store_true", help="stop every sandbox of this project")
    down.set_defaults(run=_down)
    fire_help = "trigger a schedule now; without a name, list the schedules"
    fire = verbs.add_parser("fire", parents=[as_json], help=fire_help)
    _add_which(fire)
    name_help = "the schedule's name; on other clouds than aws the deployed function's"
    fire.add_argument("schedule", nargs="?", default="", metavar="SCHEDULE", help=name_help)
    fire.add_argument("--cloud", type=_cloud, metavar="CLOUD", default="aws", help="where it is (default: aws)")
    fire.add_argument("--group", default="default", help="the schedule's group (default: default)")
    fire.add_argument("--time", metavar="ISO", help="the scheduled time the event speaks of (default: now)")
    fire.set_defaults(run=_fire)


def _cloud(text: str) -> str:
    from l3kit.providers import is_known, names

    if not is_known(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a known cloud; choose from {', '.join(names())}")
    return text


def _add_which(verb: argparse.ArgumentParser) -> argparse._MutuallyExclusiveGroup:
    which = verb.add_mutually_exclusive_group()
    which.add_argument("--name", metavar="NAME", help="name of the sandbox, as in the notebooks (default: default)")
    home_help = "folder of the sandbox (default: L3KIT_SANDBOX_HOME, else .l3kit/sandbox in the project)"
    which.add_argument("--home", type=Path, metavar="DIR", help=home_help)
    return which


def _home(options: argparse.Namespace) -> Path | None:
    """The folder selected by the options; None for the default. Raises: SandboxError for an unknown name."""
    from l3kit.sandbox.homes import known_home

    home: Path | None = options.home
    return known_home(options.name) if options.name is not None else home


def _up(options: argparse.Namespace) -> int:
    from l3kit import sandbox
    from l3kit.sandbox.messages.client import start_broker

    def report(text: str) -> None:
        print(f"{text} ...", file=sys.stderr)

    home = options.home if options.name is None else sandbox.sandbox_home(options.name)
    state = sandbox.up(home, report, idle_hours=options.idle_hours)
    state = sandbox.ensure_up(state.home, report, clouds=options.clouds)
    if options.mqtt:
        report("starting the MQTT broker")
        start_broker(state.aws_endpoint)
        state = sandbox.status(state.home) or state
    _print_state(state, options.json)
    return 0


def _status(options: argparse.Namespace) -> int:
    from l3kit import sandbox
    from l3kit.sandbox.listing import not_up, running_here

    home = _home(options)
    state = sandbox.status(home)
    if state is not None:
        _print_state(state, options.json)
        return 0
    cause = not_up(home)
    if options.json:
        others = [one.name or one.home for one in running_here()]
        print(json.dumps({"running": False, "cause": cause, "others": others}))
    else:
        print(f"the sandbox {cause}")
    return NOT_UP


def _list(options: argparse.Namespace) -> int:
    from l3kit.sandbox.listing import sandboxes

    found = sandboxes()
    if options.json:
        print(json.dumps({"sandboxes": [one.to_json() for one in found]}))
    elif found:
        print(_table(found))
    else:
        print("no sandbox in this project, and none running elsewhere; start one with `l3kit sandbox up`")
    return 0


def _table(found: list[Listed]) -> str:
    rows = [("NAME", "", "SINCE", "CLOUDS", "TWINS", "PROCESSES", "MEMORY", "HOME")]
    for one in found:
        size = (str(one.processes), f"{one.megabytes:,} MB") if one.running else ("", "")
        clouds, twins = " ".join(one.clouds), " ".join(one.twins)
        rows.append((one.name or "-", "up" if one.running else "down", one.since, clouds, twins, *size, one.home))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _down(options: argparse.Namespace) -> int:
    from l3kit import sandbox

    if options.all:
        return _down_all(options.json)
    stopped = sandbox.down(_home(options))
    if options.json:
        print(json.dumps({"running": False, "stopped": stopped}))
    else:
        print("stopped" if stopped else "the sandbox was not running")
    return 0


def _down_all(as_json: bool) -> int:
    from l3kit import sandbox
    from l3kit.sandbox.homes import project_root
    from l3kit.sandbox.listing import sandboxes

    here = [one for one in sandboxes() if one.here]
    stopped = [one.name or one.home for one in here if sandbox.down(project_root() / one.home)]
    if as_json:
        print(json.dumps({"running": False, "stopped": stopped}))
    else:
        print(f"stopped {', '.join(stopped)}" if stopped else "no sandbox of this project was running")
    return 0


def _fire(options: argparse.Namespace) -> int:
    from l3kit.sandbox import firing

    home = _home(options)
    if not options.schedule:
        raise firing.no_schedule_named(home)
    if options.cloud != "aws":
        outcome = firing.fire_function(options.schedule, options.cloud, options.time, home=home)
        text = f"{options.schedule} answered {outcome['status']}: {outcome['body']}"
        print(json.dumps(outcome) if options.json else text)
        return 1 if int(outcome["status"]) >= 400 else 0
    fired = firing.fire_schedule(options.schedule, options.group, options.time, home=home)
    if options.json:
        print(json.dumps(asdict(fired)))
    else:
        print(f"{fired.function} {'failed' if fired.function_error else 'returned'}: {fired.payload}")
    return 1 if fired.function_error else 0


def _print_state(state: SandboxState, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"running": True, **state.to_json()}))
        return
    print(f"endpoint  {state.aws_endpoint}  ({state.region})")
    for name, address in state.endpoints.items():
        print(f"{name:<9} {address}")
    print(f"home      {state.home}")
    for process in state.processes:
        print(f"{process.name:<9} pid {process.pid}, port {process.port}, log {process.log_file}")
