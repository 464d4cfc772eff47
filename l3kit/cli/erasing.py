"""`l3kit erase`: permanently delete everything of a device in all tiers."""

from __future__ import annotations

from typing import Annotated

import typer

from l3kit.cli.completing import devices
from l3kit.cli.confirming import agree_by_name, check_can_ask
from l3kit.cli.exit_codes import LEFT_OVER, SUCCESS, epilog_of
from l3kit.cli.output import Output
from l3kit.cli.pausing import user
from l3kit.cli.place import Place
from l3kit.cli.verbs import verb
from l3kit.errors import ConfigurationError


def add_erasing(app: typer.Typer) -> None:
    """Add the verb `erase`."""

    @verb(app, "erase", epilog=epilog_of("erase"))
    def erase(
        output: Output,
        place: Place,
        device: Annotated[
            str | None, typer.Argument(metavar="DEVICE", help="Device id.", show_default=False, autocompletion=devices)
        ] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count; change nothing.")] = False,
        confirm: Annotated[
            str, typer.Option(metavar="DEVICE", help="The device's id; confirms the erase without a question.")
        ] = "",
        reason: Annotated[str, typer.Option(metavar="TEXT", help="Reason, stated in the record.")] = "",
        by: Annotated[str | None, typer.Option(metavar="NAME", help="Person who erases (default: the user).")] = None,
        no_wait: Annotated[
            bool, typer.Option("--no-wait", help="Do not wait for a mover's run under way; erase again later.")
        ] = False,
    ) -> int:
        """Permanently erase a device in all tiers. Items, chunks, old versions, dead letters, journal, reports.

        Counts what will be deleted, asks for the device's id, and leaves a record with digests. If interrupted, repeat
        it.
        """
        place, name = place.before(device, "DEVICE")
        if confirm and confirm != name:
            raise ConfigurationError("--confirm", f"is {confirm!r}, but the device is {name}", "Nothing was erased")
        if not (confirm or dry_run):
            check_can_ask("erase", f"Look at l3kit erase --dry-run, then pass --confirm {name}")
        with place.open() as twin:
            plan = twin.plan_erase(name)
            if dry_run:
                output.answer(plan)
                return SUCCESS
            if not (confirm and output.quiet):
                output.show_aside(plan)
            if not confirm:
                agree_by_name("erase", "This cannot be undone. Type the device's id:", name)
            report = twin.erase(name, reason=reason, by=user() if by is None else by, wait=not no_wait)
            output.answer(report)
        return SUCCESS if report.complete else LEFT_OVER
