"""`l3kit sandbox up | status | list | down | fire`: the clouds on loopback."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from l3kit.cli.completing import cloud_list, clouds, sandboxes
from l3kit.cli.exit_codes import ERROR, NOT_UP, SUCCESS, epilog_of
from l3kit.cli.output import Output
from l3kit.cli.values import listed
from l3kit.cli.verbs import verb
from l3kit.sandbox.lifetime import IDLE_HOURS

if TYPE_CHECKING:
    from l3kit.sandbox import SandboxState


def check_cloud(name: str | None) -> str | None:
    """Return the name of a cloud. Raises: typer.BadParameter if it is not known."""
    from l3kit.providers import is_known, names

    if name is not None and not is_known(name):
        raise typer.BadParameter(f"{name!r} is not a known cloud; choose from {', '.join(names())}")
    return name


def _check_clouds(given: list[str] | None) -> list[str] | None:
    for name in listed(given):
        check_cloud(name)
    return given


Name = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", autocompletion=sandboxes, help="Name of the sandbox, as in the notebooks (default: default)."
    ),
]
HomeFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Folder of the sandbox (default: L3KIT_SANDBOX_HOME, else .l3kit/sandbox in the project)."
    ),
]


def add_sandbox(app: typer.Typer) -> None:
    """Add the noun `sandbox` with its verbs."""
    sandbox = typer.Typer(no_args_is_help=True, help="The clouds on loopback, with emulators on this machine.")
    app.add_typer(sandbox, name="sandbox")

    @verb(sandbox, "up")
    def up(
        output: Output,
        name: Name = None,
        home: HomeFolder = None,
        idle_hours: Annotated[
            float, typer.Option(metavar="H", help=f"Stop after H hours without a request ({IDLE_HOURS:g} is a week).")
        ] = IDLE_HOURS,
        clouds: Annotated[
            list[str] | None,
            typer.Option(
                metavar="CLOUD[,...]",
                callback=_check_clouds,
                autocompletion=cloud_list,
                help="Start the services of these clouds at once (default: aws); the others join when they are needed.",
            ),
        ] = None,
        mqtt: Annotated[
            bool, typer.Option("--mqtt", help="Start the MQTT broker too; otherwise it starts with a twin's messages.")
        ] = False,
    ) -> int:
        """Start the sandbox, or show the running one."""
        from l3kit.sandbox.cloud import gateway_cloud

        chosen = _chosen(name, home, known=False)
        state = _started(output, chosen, idle_hours, listed(clouds) or [gateway_cloud()], mqtt=mqtt)
        output.say({"running": True, **state.to_json(), **state.facts}, _state_text(state))
        return SUCCESS

    @verb(sandbox, "status", epilog=epilog_of("sandbox status"))
    def status(output: Output, name: Name = None, home: HomeFolder = None) -> int:
        """Show the running services, or that there are none."""
        from l3kit import sandbox
        from l3kit.sandbox.listing import not_up, running_here

        chosen = _chosen(name, home)
        if (state := sandbox.status(chosen)) is not None:
            output.say({"running": True, **state.to_json(), **state.facts}, _state_text(state))
            return SUCCESS
        why = not_up(chosen)
        others = [one.name or one.home for one in running_here()]
        content = {"running": False, "cause": why.cause, "remedy": why.remedy, "others": others}
        output.say(content, f"the sandbox {why.cause}. {why.remedy}")
        return NOT_UP

    @verb(sandbox, "list")
    def list_all(output: Output) -> int:
        """List the sandboxes of this project, and those running elsewhere."""
        from l3kit.cli.sandbox_list import SandboxList
        from l3kit.sandbox.listing import sandboxes

        output.answer(SandboxList(tuple(sandboxes())))
        return SUCCESS

    @verb(sandbox, "down")
    def down(
        output: Output,
        name: Name = None,
        home: HomeFolder = None,
        everything: Annotated[bool, typer.Option("--all", help="Stop every sandbox of this project.")] = False,
    ) -> int:
        """Stop the sandbox and all of its processes."""
        from l3kit import sandbox

        if everything and (name or home):
            raise typer.BadParameter("is not allowed with --name or --home", param_hint="--all")
        if everything:
            return _down_all(output)
        stopped = sandbox.down(_chosen(name, home))
        output.say({"running": False, "stopped": stopped}, "stopped" if stopped else "the sandbox was not running")
        return SUCCESS

    @verb(sandbox, "fire", epilog=epilog_of("sandbox fire"))
    def fire(
        output: Output,
        schedule: Annotated[
            str,
            typer.Argument(
                metavar="SCHEDULE",
                show_default=False,
                help="The schedule's name; on clouds other than aws, that of the deployed function.",
            ),
        ] = "",
        name: Name = None,
        home: HomeFolder = None,
        cloud: Annotated[
            str | None,
            typer.Option(
                metavar="CLOUD",
                callback=check_cloud,
                autocompletion=clouds,
                help="Cloud of the schedule (default: aws).",
            ),
        ] = None,
        group: Annotated[str, typer.Option(metavar="GROUP", help="The schedule's group.")] = "default",
        time: Annotated[
            str | None, typer.Option(metavar="ISO", help="Scheduled time in the event (default: now).")
        ] = None,
    ) -> int:
        """Trigger a schedule now. Without a name, fails with a list of the schedules."""
        from l3kit.sandbox import firing
        from l3kit.sandbox.cloud import gateway_cloud

        chosen = _chosen(name, home)
        if not schedule:
            raise firing.no_schedule_named(chosen)
        if cloud not in (None, gateway_cloud()):
            outcome = firing.fire_function(schedule, cloud, time, home=chosen)
            output.say(outcome, f"{schedule} answered {outcome['status']}: {outcome['body']}")
            return ERROR if int(outcome["status"]) >= 400 else SUCCESS
        fired = firing.fire_schedule(schedule, group, time, home=chosen)
        ended = "failed" if fired.function_error else "returned"
        output.say(asdict(fired), f"{fired.function} {ended}: {fired.payload}")
        return ERROR if fired.function_error else SUCCESS


def _chosen(name: str | None, home: Path | None, *, known: bool = True) -> Path | None:
    """Return the folder selected by the options; None for the default.

    Args:
        known: whether a name must be that of an existing sandbox.
    Raises: SandboxError for an unknown name.
    """
    from l3kit.sandbox.homes import known_home, sandbox_home

    if name is not None and home is not None:
        raise typer.BadParameter("is not allowed with --home: one of them is enough", param_hint="--name")
    if name is None:
        return home
    return known_home(name) if known else sandbox_home(name)


def _started(output: Output, home: Path | None, idle_hours: float, clouds: list[str], *, mqtt: bool) -> SandboxState:
    from l3kit import sandbox
    from l3kit.sandbox.messages.client import start_broker

    def report(text: str) -> None:
        output.tell(f"{text} ...")

    state = sandbox.up(home, report, idle_hours=idle_hours)
    state = sandbox.ensure_up(state.home, report, clouds=clouds)
    if mqtt:
        report("starting the MQTT broker")
        start_broker(state.gateway)
        state = sandbox.status(state.home) or state
    return state


def _down_all(output: Output) -> int:
    from l3kit import sandbox
    from l3kit.sandbox.homes import project_root
    from l3kit.sandbox.listing import sandboxes

    here = [one for one in sandboxes() if one.here]
    stopped = [one.name or one.home for one in here if sandbox.down(project_root() / one.home)]
    text = f"stopped {', '.join(stopped)}" if stopped else "no sandbox of this project was running"
    output.say({"running": False, "stopped": stopped}, text)
    return SUCCESS


def _state_text(state: SandboxState) -> str:
    lines = [f"endpoint     {state.gateway}  ({', '.join(state.facts.values())})"]
    lines += [f"{name:<12} {address}" for name, address in state.endpoints.items()]
    lines.append(f"home         {state.home}")
    lines += [f"{one.name:<12} pid {one.pid}, port {one.port}, log {one.log_file}" for one in state.processes]
    return "\n".join(lines)
