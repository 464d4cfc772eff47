"""`l3kit explain`, `tiers`, `journal`: the content of a twin's tiers, and what happens to it."""

from __future__ import annotations

from typing import Annotated

import typer

from l3kit.cli.completing import devices
from l3kit.cli.exit_codes import SUCCESS
from l3kit.cli.output import Output
from l3kit.cli.place import Place
from l3kit.cli.verbs import verb

Device = Annotated[
    str | None, typer.Argument(metavar="DEVICE", help="Device id.", show_default=False, autocompletion=devices)
]
Now = Annotated[str | None, typer.Option(metavar="ISO", help="Time of reference of the answer (default: now).")]


def add_reading(app: typer.Typer) -> None:
    """Add the verbs that show the present state."""

    @verb(app, "explain")
    def explain(output: Output, place: Place, device: Device = None, now: Now = None) -> int:
        """Show where a device's data are and what happens next."""
        place, name = place.before(device, "DEVICE")
        reach = place.reach(as_of=now)
        with place.connect(reach, output) as twin:
            output.answer(twin.explain(name, now=reach.now))
        return SUCCESS

    @verb(app, "tiers")
    def tiers(output: Output, place: Place, now: Now = None) -> int:
        """Count items, objects and bytes of every device in every tier. Reads the hot tier whole."""
        reach = place.reach(as_of=now)
        with place.connect(reach, output) as twin:
            output.answer(twin.tiers(now=reach.now))
        return SUCCESS

    @verb(app, "journal")
    def journal(output: Output, place: Place) -> int:
        """Show which run may move each device, and what was moved. Chunks under way are included."""
        with place.open() as twin:
            output.answer(twin.journal())
        return SUCCESS
