"""`l3kit letters` and `l3kit replay`: list a twin's dead letters, and send them through the chain again."""

from __future__ import annotations

import shutil
import sys
from typing import Annotated, Any

import typer

from l3kit.cli.completing import devices
from l3kit.cli.exit_codes import ERROR, SUCCESS, epilog_of
from l3kit.cli.output import Output
from l3kit.cli.place import Place
from l3kit.cli.values import ALL, checked_limit, limit_of, listed
from l3kit.cli.verbs import verb

LIST_LIMIT = "100"

Problem = Annotated[
    list[str] | None,
    typer.Option(metavar="PROBLEM[,...]", help="Only these problems, such as unknown-device or undelivered."),
]
Device = Annotated[str | None, typer.Option(metavar="ID", autocompletion=devices, help="Only messages of this device.")]
Since = Annotated[
    str | None,
    typer.Option(metavar="ISO", help="Only messages received from this time on: 2026-05-31, or 2026-05-31T08:30:00Z."),
]


Limit = Annotated[str, typer.Option(metavar="N", callback=checked_limit, help="Maximum number of letters, or all.")]


def add_letters(app: typer.Typer) -> None:
    """Add the verbs `letters` and `replay`."""

    @verb(app, "letters")
    def letters(
        output: Output,
        place: Place,
        problem: Problem = None,
        device: Device = None,
        since: Since = None,
        limit: Limit = LIST_LIMIT,
    ) -> int:
        """List the dead letters of a twin on all its clouds. Each has its problem, cause and device."""
        with place.open() as twin:
            report = twin.letters(**_choice(problem, device, since, limit))
        if output.as_json:
            output.document(report.to_json())
        elif sys.stdout.isatty():
            print(report.in_blocks(_columns()))
        else:
            print(report.in_lines())
            for line in (report.summary(), *report.notes):
                output.tell(line)
            output.tell_gaps(report.gaps)
        return SUCCESS

    @verb(app, "replay", epilog=epilog_of("replay"))
    def replay(
        output: Output,
        place: Place,
        problem: Problem = None,
        device: Device = None,
        since: Since = None,
        limit: Limit = ALL,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Show what would be sent; send and delete nothing.")
        ] = False,
    ) -> int:
        """Send dead letters through the message chain again. Those that the chain accepts are deleted.

        Superseded ones are skipped unless that problem is named, since replaying them replaces newer versions.
        """
        with place.open() as twin:
            result = twin.replay_letters(**_choice(problem, device, since, limit), dry_run=dry_run)
        if output.as_json:
            output.document(result.to_json())
        else:
            print(result.in_blocks(_columns()))
        return ERROR if result.stayed or result.gaps else SUCCESS


def _columns() -> int:
    from l3kit.notebook.tables import WIDTH

    return shutil.get_terminal_size((WIDTH, 0)).columns


def _choice(problem: list[str] | None, device: str | None, since: str | None, limit: str) -> dict[str, Any]:
    return {"problem": listed(problem), "device": device, "since": since, "limit": limit_of(limit)}
