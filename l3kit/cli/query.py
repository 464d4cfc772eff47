"""`l3kit query`: a device's readings from all tiers, as a table, JSON or CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from l3kit.cli.exit_codes import SUCCESS
from l3kit.cli.output import Output
from l3kit.cli.place import Place
from l3kit.cli.reading import Device
from l3kit.cli.values import ALL, checked_limit, limit_of
from l3kit.cli.verbs import verb

if TYPE_CHECKING:
    from l3kit.operate.query import QueryResult

SHOWN = 20
"""Default number of readings in a table."""
STANDARD_OUTPUT = Path("-")


def add_query(app: typer.Typer) -> None:
    """Add the verb `query`."""

    @verb(app, "query")
    def query(
        output: Output,
        place: Place,
        device: Device = None,
        start: Annotated[
            str | None,
            typer.Option("--from", metavar="ISO", help="First time: ISO 8601 with a zone, or a date (default: any)."),
        ] = None,
        end: Annotated[
            str | None, typer.Option("--to", metavar="ISO", help="Last time; a date is the whole day (default: any).")
        ] = None,
        limit: Annotated[
            str | None,
            typer.Option(
                metavar="N",
                callback=checked_limit,
                help=f"Maximum number of readings, the earliest, or all (default: {SHOWN} in a table, else all).",
            ),
        ] = None,
        as_csv: Annotated[
            Path | None,
            typer.Option("--csv", metavar="FILE", help="Write the readings as CSV, which load takes; - is stdout."),
        ] = None,
    ) -> int:
        """Read a device's readings from all tiers as one table."""
        place, name = place.before(device, "DEVICE")
        if output.as_json and as_csv == STANDARD_OUTPUT:
            raise typer.BadParameter("- is not allowed with --json: both would be on stdout", param_hint="--csv")
        with place.open() as twin:
            found = twin.query(name, start, end)
        most = limit_of(limit or (ALL if output.as_json or as_csv else str(SHOWN)))
        _tell(found, found.rows[:most], as_csv, output)
        return SUCCESS


def _tell(found: QueryResult, rows: Sequence[Mapping[str, Any]], as_csv: Path | None, output: Output) -> None:
    from l3kit.cli.readings import Readings, csv_of

    if as_csv == STANDARD_OUTPUT:
        print(csv_of(rows), end="")
        output.tell(f"{found.summary()}; {len(rows):,} of them written")
        output.tell_gaps(found.gaps)
    elif as_csv is not None:
        from l3kit.files import write_whole

        write_whole(as_csv, csv_of(rows))
        written = f"{found.summary()}; {len(rows):,} of them in {as_csv}"
        output.say({**found.to_json(), "csv": str(as_csv), "written": len(rows)}, written)
    elif output.as_json:
        output.exact_document(Readings(found, tuple(rows)).to_json())
    else:
        output.answer(Readings(found, tuple(rows)))
