"""`l3kit alarms`: which alarms fire and why, and who is notified."""

from __future__ import annotations

import typer

from l3kit.cli.exit_codes import SUCCESS
from l3kit.cli.output import Output
from l3kit.cli.place import Place
from l3kit.cli.verbs import verb


def add_alarms(app: typer.Typer) -> None:
    """Add the verb `alarms`."""

    @verb(app, "alarms")
    def alarms(output: Output, place: Place) -> int:
        """List the alarms that fire, why, and who is notified."""
        with place.open() as twin:
            output.answer(twin.alarms())
        return SUCCESS
