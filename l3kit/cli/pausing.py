"""`l3kit pause` and `l3kit resume`: stop the movers of a twin, or for one device, and let them continue."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from l3kit.cli.completing import devices
from l3kit.cli.exit_codes import SUCCESS
from l3kit.cli.output import Output
from l3kit.cli.place import Place
from l3kit.cli.verbs import verb

Device = Annotated[
    str | None,
    typer.Argument(
        metavar="[DEVICE]", help="Device id (default: the whole twin).", show_default=False, autocompletion=devices
    ),
]


def add_pausing(app: typer.Typer) -> None:
    """Add the verbs `pause` and `resume`."""

    @verb(app, "pause")
    def pause(
        output: Output,
        place: Place,
        device: Device = None,
        by: Annotated[str | None, typer.Option(metavar="NAME", help="Person who pauses (default: the user).")] = None,
        reason: Annotated[str, typer.Option(metavar="TEXT", help="Reason, reported by every run of a mover.")] = "",
    ) -> int:
        """Pause the movers of a twin, or for one of its devices.

        They move nothing until they are resumed; if only a device is paused, they skip it and move the others. Nothing
        is lost: a chunk under way stays as it is, and messages still arrive.
        """
        place, name = place.perhaps_before(device)
        with place.open() as twin:
            output.answer(twin.pause(name, by=user() if by is None else by, reason=reason))
        return SUCCESS

    @verb(app, "resume")
    def resume(output: Output, place: Place, device: Device = None) -> int:
        """Resume the paused movers of a twin, or for one device."""
        place, name = place.perhaps_before(device)
        with place.open() as twin:
            output.answer(twin.resume(name))
        return SUCCESS


def user() -> str:
    """Return the name of the logged-in user; empty if the system has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
