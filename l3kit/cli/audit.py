"""`l3kit audit`: every object of the cold and archive tiers against its metadata and the journal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from l3kit.cli.completing import devices
from l3kit.cli.exit_codes import CHECKS_FAILED, ERROR, SUCCESS, epilog_of
from l3kit.cli.output import Output
from l3kit.cli.place import Place
from l3kit.cli.verbs import verb

if TYPE_CHECKING:
    from l3kit.operate.audit.settings import AuditOptions


def add_audit(app: typer.Typer) -> None:
    """Add the verb `audit`."""

    @verb(app, "audit", epilog=epilog_of("audit"))
    def audit(
        output: Output,
        place: Place,
        sample: Annotated[
            str | None,
            typer.Option(metavar="P%", help="Check only this share of the objects, such as 1% (default: all)."),
        ] = None,
        seed: Annotated[
            str | None, typer.Option(metavar="TEXT", help="Selects these objects (default: different ones each time).")
        ] = None,
        device: Annotated[
            str | None, typer.Option(metavar="ID", autocompletion=devices, help="Only this device (default: all).")
        ] = None,
        restore: Annotated[
            bool,
            typer.Option(
                "--restore", help="Request restores of archived objects, at a price; audit again hours later."
            ),
        ] = False,
        out: Annotated[
            Path | None,
            typer.Option(
                metavar="DIR", help="Folder for progress and faults (default: in that of the twin or sandbox)."
            ),
        ] = None,
        restart: Annotated[
            bool, typer.Option("--restart", help="Start over instead of continuing an interrupted audit.")
        ] = False,
    ) -> int:
        """Check every object of the cold and archive tiers. Changes nothing.

        Each is compared with the digest and count in its metadata, and all with the journal (docs/how-to/audit.md).
        """
        texts = {"sample": sample, "seed": seed, "device": device, "out": out}
        given = {name: value for name, value in texts.items() if value is not None}
        with place.open() as twin:
            report = twin.audit(**cast("AuditOptions", {**given, "restore": restore, "restart": restart}))
        output.answer(report)
        if report.fault_count:
            return CHECKS_FAILED
        return ERROR if report.gaps else SUCCESS
