"""`l3kit logs FUNCTION`: the log of a deployed function, followed as it grows if requested."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from l3kit.cli.completing import functions
from l3kit.cli.exit_codes import ERROR, SUCCESS, epilog_of
from l3kit.cli.output import Output
from l3kit.cli.place import Place
from l3kit.cli.values import ALL, checked_limit, limit_of
from l3kit.cli.verbs import verb

if TYPE_CHECKING:
    from l3kit.notebook.gaps import Gap
    from l3kit.operate.logs.report import LogRow

LINES = "1000"
_SINCE = "Only lines from this time on: 90s, 15m, 2h or 7d before now, 2026-05-31, or 2026-05-31T08:30:00Z."


def add_logs(app: typer.Typer) -> None:
    """Add the verb `logs`."""

    @verb(app, "logs", epilog=epilog_of("logs"))
    def logs(
        output: Output,
        place: Place,
        function: Annotated[
            str | None,
            typer.Argument(
                metavar="FUNCTION",
                autocompletion=functions,
                help=f"Such as hot-to-cold-mover, or its deployed name; or {ALL}.",
                show_default=False,
            ),
        ] = None,
        since: Annotated[str, typer.Option(metavar="WHEN", help=_SINCE)] = "15m",
        limit: Annotated[
            str,
            typer.Option(
                metavar="N",
                callback=checked_limit,
                help=f"Number of newest lines, or {ALL}; not with --follow.",
            ),
        ] = LINES,
        follow: Annotated[
            bool, typer.Option("--follow", "-f", help="Continue with new lines until interrupted.")
        ] = False,
    ) -> int:
        """Read the log of a deployed function, on any cloud."""
        from l3kit.operate.logs.following import follow as followed

        place, given = place.before(function, "FUNCTION")
        name = None if given == ALL else given
        with place.open() as twin:
            if follow:  # ends by an interruption
                tell_each(followed(twin.session, twin.config, name, since=since), output)
            report = twin.logs(name, since=since, limit=limit_of(limit))
        if output.as_json:
            output.document(report.to_json())
        else:
            for row in report.rows:
                print(row)
            for line in (report.summary(), *report.notes):
                output.tell(line)
            output.tell_gaps(report.gaps)
        return ERROR if report.gaps and not report.rows else SUCCESS


def tell_each(found: Iterable[LogRow | Gap], output: Output) -> None:
    """Print each line and gap as it arrives; with `--json` one document each, with the report's form of gaps."""
    from l3kit.notebook.gaps import Gap

    for one in found:
        if isinstance(one, Gap):
            output.tell_gaps([one])
            document: dict[str, object] = {"gaps": [asdict(one)]}
        else:
            document = one.to_json()
            if not output.as_json:
                print(one, flush=True)
        if output.as_json:
            print(json.dumps(document, ensure_ascii=False), flush=True)
