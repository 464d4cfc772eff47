"""`l3kit explain`, `tiers`, `journal`: what a twin holds, and what happens to it."""

from __future__ import annotations

from typing import Annotated

import typer

from l3kit.cli.exit_codes import SUCCESS
from l3kit.cli.output import Output
from l3kit.cli.place import Place
from l3kit.cli.verbs import verb

Device = Annotated[str | None, typer.Argument(metavar="DEVICE", help="Device id.", show_default=False)]
Now = Annotated[str | None, typer.Option(metavar="ISO", help="The moment the answer stands for (default: now).")]


def add_reading(app: typer.Typer) -> None:
    """Add the verbs that only read."""

    @verb(app, "explain")
    def explain(output: Output, place: Place, device: Device = None, now: Now = None) -> int:
        """What each tier holds of a device, what is under way, what happens next and when."""
        place, name = place.before(device, "DEVICE")
        reach = place.reach(as_of=now)
        with place.connect(reach, output) as twin:
            output.answer(twin.explain(name, now=reach.now))
        return SUCCESS
