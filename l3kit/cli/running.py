"""`l3kit run` and `l3kit verify`: the deployed movers and links, at work."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from l3kit.cli.completing import cloud_list, movers
from l3kit.cli.exit_codes import CHECKS_FAILED, SUCCESS, told_of
from l3kit.cli.output import Output
from l3kit.cli.place import Place
from l3kit.cli.values import listed
from l3kit.cli.verbs import verb
from l3kit.errors import CheckFailedError


def add_running(app: typer.Typer) -> None:
    """Add the verbs that have deployed functions do something."""

    @verb(app, "run", epilog=told_of("run"))
    def run(
        output: Output,
        place: Place,
        mover: Annotated[
            str | None,
            typer.Argument(
                metavar="MOVER",
                help="hot-to-cold-mover or cold-to-archive-mover.",
                show_default=False,
                autocompletion=movers,
            ),
        ] = None,
        time: Annotated[
            str | None, typer.Option(metavar="ISO", help="The moment the run stands for (default: now).")
        ] = None,
    ) -> int:
        """Run a deployed mover and wait until it has moved all it can."""
        from l3kit.given_values import check_known
        from l3kit.twin.layout import MOVERS

        place, function = place.before(mover, "MOVER")
        check_known("mover", [function], MOVERS)
        with place.open() as twin:
            result = twin.run_mover(function, time=time)
        output.answer(result)
        try:
            result.raise_if_failed()
        except CheckFailedError as error:
            print(f"l3kit: {error}", file=sys.stderr)
            return CHECKS_FAILED
        return SUCCESS

    @verb(app, "verify", epilog=told_of("verify"))
    def verify(
        output: Output,
        place: Place,
        canary: Annotated[
            bool,
            typer.Option(
                "--canary/--no-canary",
                help="Send a message through the chain to the hot tier and on to the cold tier, and remove it.",
            ),
        ] = True,
        clouds: Annotated[
            list[str] | None,
            typer.Option(
                metavar="CLOUD[,...]",
                autocompletion=cloud_list,
                help="Check only the parts on these clouds (default: all).",
            ),
        ] = None,
    ) -> int:
        """Check links, functions, schedules and drift. Keys in the hot tier are checked too."""
        with place.open() as twin:
            report = twin.verify(clouds=listed(clouds), canary=canary)
        output.answer(report)
        return CHECKS_FAILED if report.failed else SUCCESS
