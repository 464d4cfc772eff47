"""`l3kit runs`: the history of mover runs, and what needs doing first."""

from __future__ import annotations

from typing import Annotated

import typer

from l3kit.cli.completing import movers
from l3kit.cli.exit_codes import SUCCESS
from l3kit.cli.output import Output
from l3kit.cli.place import Place
from l3kit.cli.verbs import verb

_SINCE = "Runs that started from this time on: 12h or 30d before now, 2026-05-31, or 2026-05-31T08:30:00Z."


def add_runs(app: typer.Typer) -> None:
    """Add the verb `runs`."""

    @verb(app, "runs")
    def runs(
        output: Output,
        place: Place,
        since: Annotated[str, typer.Option(metavar="WHEN", help=_SINCE)] = "30d",
        mover: Annotated[
            str | None, typer.Option(metavar="MOVER", autocompletion=movers, help="Only of this mover.")
        ] = None,
    ) -> int:
        """Show past runs of the movers, and what needs doing first."""
        with place.open() as twin:
            output.answer(twin.runs(since=since, mover=mover))
        return SUCCESS
