"""`l3kit hold`: protect a twin or a device from permanent deletion, end that protection, and show the holds."""

from __future__ import annotations

from typing import Annotated

import typer

from l3kit.cli.exit_codes import SUCCESS
from l3kit.cli.output import Output
from l3kit.cli.pausing import Device, user
from l3kit.cli.place import Place
from l3kit.cli.verbs import verb


def add_holding(app: typer.Typer) -> None:
    """Add the verb `hold`."""

    @verb(app, "hold")
    def hold(
        output: Output,
        place: Place,
        device: Device = None,
        reason: Annotated[str, typer.Option(metavar="TEXT", help="Reason; sets the hold.")] = "",
        by: Annotated[
            str | None, typer.Option(metavar="NAME", help="Person who sets or lifts the hold (default: the user).")
        ] = None,
        release: Annotated[bool, typer.Option("--release", help="Lift the hold.")] = False,
    ) -> int:
        """Protect a twin, or one device, from permanent deletion. Neither erase nor the expiry deletes any of its data.

        Without --reason and --release, shows the current holds.
        """
        if reason and release:
            raise typer.BadParameter("a hold is set or lifted, not both", param_hint="--release")
        place, name = place.perhaps_before(device)
        if name is not None and not (reason or release):
            raise typer.BadParameter("is missing: say why the device is to be held", param_hint="--reason")
        with place.open() as twin:
            if reason:
                output.answer(twin.hold(name, reason=reason, by=user() if by is None else by))
            else:
                output.answer(twin.release(name) if release else twin.holds())
        return SUCCESS
