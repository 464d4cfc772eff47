"""`l3kit plan`, `apply`, `rotate`, `destroy`: the desired state of a twin, and how to reach it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from l3kit.cli.completing import cloud_list
from l3kit.cli.confirming import agree, agree_by_name, check_can_ask
from l3kit.cli.exit_codes import CHANGES_PENDING, SUCCESS, epilog_of
from l3kit.cli.output import Output
from l3kit.cli.place import Place
from l3kit.cli.values import listed
from l3kit.cli.verbs import verb
from l3kit.errors import ConfigurationError, L3Error

if TYPE_CHECKING:
    from l3kit.deploy.open_plan import OpenPlan
    from l3kit.operate.open_twin import OpenTwin

Clouds = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CLOUD[,...]",
        autocompletion=cloud_list,
        help="Only the parts on these clouds of the twin (default: all).",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask, as in CI.")]


def add_deploying(app: typer.Typer) -> None:
    """Add the verbs that deploy."""

    @verb(app, "plan", epilog=epilog_of("plan"))
    def plan(
        output: Output,
        place: Place,
        clouds: Clouds = None,
        rotate: Annotated[
            bool, typer.Option("--rotate", help="Plan a new token for every link between clouds.")
        ] = False,
        destroy: Annotated[bool, typer.Option("--destroy", help="Show what destroy would remove.")] = False,
        data: Annotated[
            bool, typer.Option("--data", help="With --destroy: also tables and buckets, with their content.")
        ] = False,
        exit_code: Annotated[
            bool, typer.Option("--exit-code", help="Exit with 6 if there is something to change.")
        ] = False,
    ) -> int:
        """Compare what is deployed with what the twin should have. Changes nothing."""
        if destroy and (rotate or clouds):
            raise typer.BadParameter("is not allowed with --rotate or --clouds", param_hint="--destroy")
        if data and not destroy:
            raise typer.BadParameter("needs --destroy", param_hint="--data")
        chosen = listed(clouds)
        with place.open(may_start=not destroy) as twin:
            made = twin.plan_destroy(data=data) if destroy else twin.plan(clouds=chosen, rotate_tokens=rotate)
            output.answer(made)
        return CHANGES_PENDING if exit_code and made.changes else SUCCESS

    @verb(app, "apply")
    def apply(output: Output, place: Place, clouds: Clouds = None, yes: Yes = False) -> int:
        """Deploy the twin, or update its deployment. Shows the plan, asks for confirmation, and applies it."""
        chosen = listed(clouds)
        if not yes:
            check_can_ask("apply", "Look at l3kit plan, then pass --yes")
        with place.open(may_start=True) as twin:
            return _carry_out("apply", twin, twin.plan(clouds=chosen), output, yes=yes)

    @verb(app, "rotate")
    def rotate(output: Output, place: Place, clouds: Clouds = None, yes: Yes = False) -> int:
        """Give every link between clouds a new token. Shows the plan, asks for confirmation, and applies it."""
        chosen = listed(clouds)
        if not yes:
            check_can_ask("rotate", "Look at l3kit plan --rotate, then pass --yes")
        with place.open() as twin:
            made = twin.plan(clouds=chosen, rotate_tokens=True)
            if missing := sum(step.action == "create" for step in made.steps):
                cause = f"is not wholly deployed: {missing} of its resources are missing"
                raise ConfigurationError(f"twin {twin.config.name}", cause, "Deploy it first: l3kit apply")
            return _carry_out("rotate", twin, made, output, yes=yes)

    @verb(app, "destroy")
    def destroy(
        output: Output,
        place: Place,
        data: Annotated[
            bool, typer.Option("--data", help="Also remove tables and buckets, with their content.")
        ] = False,
        yes: Annotated[
            bool, typer.Option("--yes", "-y", help="Do not ask, as in CI; with --data see --confirm.")
        ] = False,
        confirm: Annotated[
            str, typer.Option(metavar="NAME", help="The twin's name; confirms the removal without a question.")
        ] = "",
    ) -> int:
        """Remove the twin's resources from its clouds. Lists them first, and asks for the twin's name.

        Its data are kept unless --data is given. An empty sandbox is stopped.
        """
        reach = place.reach()
        name = reach.twin.name
        if confirm and confirm != name:
            raise ConfigurationError("--confirm", f"is {confirm!r}, but the twin is {name}", "Nothing was removed")
        asks = not confirm and (data or not yes)
        if asks:
            check_can_ask("destroy", f"Pass --confirm {name}" if data else "Pass --yes")
        with place.connect(reach, output) as twin:
            return _destroy(twin, output, data=data, asks=asks)


def _carry_out(what: str, twin: OpenTwin, made: OpenPlan, output: Output, *, yes: bool) -> int:
    if made.changes and not (yes and output.quiet):
        output.show_aside(made)
    if made.changes and not yes:
        agree(what, f"Carry this out in {_where(twin)}?")
    output.answer(made.apply())
    return SUCCESS


def _destroy(twin: OpenTwin, output: Output, *, data: bool, asks: bool) -> int:
    made = twin.plan_destroy(data=data)
    if made.changes and (asks or not output.quiet):
        output.show_aside(made)
    if made.changes and asks:
        if data:
            _show_data(twin, output)
        question = f"This removes it from {_where(twin)}{' with all its data' if data else ''}. Type the twin's name:"
        agree_by_name("destroy", question, twin.config.name)
    result = made.apply()
    fate = twin.stop_if_empty(twin.plan_destroy(data=data))
    output.answer(result, {"sandbox": fate} if fate else {})
    if fate and not output.as_json:
        output.tell(fate)
    return SUCCESS


def _show_data(twin: OpenTwin, output: Output) -> None:
    """Show what the tiers hold. A failed count does not prevent the removal."""
    output.tell("counting what the tiers hold")
    try:
        output.show_aside(twin.tiers())
    except L3Error as error:
        output.tell(f"cannot be counted: {error}")


def _where(twin: OpenTwin) -> str:
    if twin.sandbox:
        return f"the sandbox {twin.sandbox}"
    return "the real accounts " + ", ".join(f"{name} {cloud.account}" for name, cloud in twin.session.clouds.items())
