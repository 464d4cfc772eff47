"""`l3kit load`: load readings from files, or another table, into a twin's hot tier."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from l3kit.cli.completing import Completer, clouds, devices
from l3kit.cli.exit_codes import ERROR, INTERRUPTED, LEFT_OVER, SUCCESS, USAGE, codes_of, epilog
from l3kit.cli.output import Output
from l3kit.cli.place import Place
from l3kit.cli.values import listed, pair
from l3kit.cli.verbs import verb

if TYPE_CHECKING:
    from l3kit.operate.load.settings import LoadOptions

_MORE = epilog(
    {
        SUCCESS: "every row is in the hot tier, or a dry run found no bad one",
        ERROR: "an error, after which the same command continues",
        USAGE: "wrong options",
        **codes_of("load"),
        INTERRUPTED: "interrupted, the same command continues",
    }
)
_CSV = "CSV"
_TABLE = "From a table"


def _column(about: str, metavar: str = "COLUMN", completer: Completer | None = None) -> Any:
    return typer.Option(metavar=metavar, autocompletion=completer, help=about)


def _columns(about: str, metavar: str = "COLUMN[,...]", panel: str | None = None) -> Any:
    return typer.Option(metavar=metavar, help=about, rich_help_panel=panel)


def _cells(about: str, metavar: str) -> Any:
    return typer.Option(metavar=metavar, help=about, rich_help_panel=_CSV)


def _table(about: str, metavar: str, completer: Completer | None = None) -> Any:
    return typer.Option(metavar=metavar, autocompletion=completer, help=about, rich_help_panel=_TABLE)


def add_load(app: typer.Typer) -> None:
    """Add the verb `load`."""

    @verb(app, "load", epilog=_MORE)
    def load(
        output: Output,
        place: Place,
        files: Annotated[
            list[str] | None,
            typer.Argument(
                metavar="FILE...", show_default=False, help="Files, folders, or - for standard input; also .gz."
            ),
        ] = None,
        from_table: Annotated[
            str | None, _table("Copy this table, container or collection instead of files; it is only read.", "NAME")
        ] = None,
        from_cloud: Annotated[
            str | None, _table("Cloud of that table (default: the hot tier's).", "CLOUD", clouds)
        ] = None,
        read_rate: Annotated[
            float | None,
            _table("Maximum read units per second (default: half of the provisioned ones; 0: no limit).", "R"),
        ] = None,
        form: Annotated[
            str | None,
            _column("csv, jsonl, json or parquet (default: by the name or the first bytes).", "FORM"),
        ] = None,
        device: Annotated[str | None, _column("Column with the device (default: by its name).")] = None,
        device_id: Annotated[str | None, _column("The one device of all rows.", "ID", devices)] = None,
        time: Annotated[str | None, _column("Column with the time (default: by its name).")] = None,
        rename: Annotated[list[str] | None, _columns("Names of columns in the items.", "OLD=NEW[,...]")] = None,
        value: Annotated[list[str] | None, _columns("Load only these columns in addition to device and time.")] = None,
        drop: Annotated[list[str] | None, _columns("Leave these columns out.")] = None,
        time_format: Annotated[
            str | None, _column("Format of Python's strptime, such as '%d.%m.%Y %H:%M'.", "FORMAT")
        ] = None,
        timezone: Annotated[
            str | None, _column("Zone of times without one, such as UTC or Europe/Vienna.", "ZONE")
        ] = None,
        repeated_hour: Annotated[
            str | None,
            _column(
                "Meaning of a time that occurs twice when summer time ends: earlier or later (default: refuse).",
                "WHICH",
            ),
        ] = None,
        shift_to: Annotated[
            str | None,
            _column("Shift all times so that the newest is this one, such as 2026-05-31T08:30:00Z.", "TIME"),
        ] = None,
        text: Annotated[
            list[str] | None,
            _columns("Keep the cells as text, even if they look like numbers.", panel=_CSV),
        ] = None,
        missing: Annotated[
            list[str] | None,
            _columns("Cells that count as empty besides empty ones, such as NA.", "TEXT[,...]", _CSV),
        ] = None,
        decimal: Annotated[str | None, _cells("Decimal sign of numbers: a point (default) or a comma.", "SIGN")] = None,
        delimiter: Annotated[
            str | None, _cells(r"Delimiter of cells (default: detected; \t is a tab).", "SIGN")
        ] = None,
        encoding: Annotated[
            str | None, _cells("Text encoding, such as latin-1 or utf-16 (default: utf-8).", "NAME")
        ] = None,
        columns: Annotated[
            list[str] | None, _columns("Names of the columns of a file without a header.", "NAME[,...]", _CSV)
        ] = None,
        add_devices: Annotated[
            bool, typer.Option("--add-devices", help="Add new devices to config_iot_devices.json.")
        ] = False,
        replace: Annotated[
            bool,
            typer.Option(
                "--replace",
                help="Replace items of the same device and time with other content, and keep these in "
                "FILE.replaced.jsonl.",
            ),
        ] = False,
        rate: Annotated[float | None, _column("Maximum rows per second (default: no limit).", "R")] = None,
        out: Annotated[Path | None, _column("Folder for bad rows and progress (default: the file's).", "DIR")] = None,
        restart: Annotated[bool, typer.Option("--restart", help="Restart an interrupted load.")] = False,
        dry_run: Annotated[
            bool,
            typer.Option(
                "--dry-run",
                help="Write nothing; show the first items and all bad rows (of a table: of a sample).",
            ),
        ] = False,
    ) -> int:
        """Load readings into a twin's hot tier, each once. CSV, JSON lines, JSON arrays, Parquet, or a table.

        docs/how-to/load.md describes files, columns, times and bad rows.
        """
        if device is not None and device_id is not None:
            raise typer.BadParameter("is not allowed with --device: one of them is enough", param_hint="--device-id")
        lists = {"value": value, "drop": drop, "text": text, "missing": missing, "columns": columns}
        single = {
            "form": form, "device": device, "device_id": device_id, "time": time, "time_format": time_format,
            "timezone": timezone, "repeated_hour": repeated_hour, "decimal": decimal, "encoding": encoding,
            "shift_to": shift_to,
            "rate": rate, "out": out, "from_table": from_table, "from_cloud": from_cloud, "read_rate": read_rate,
            "delimiter": "\t" if delimiter == "\\t" else delimiter,
        }  # fmt: skip
        given = {
            **{name: found for name, found in single.items() if found is not None},
            **{name: listed(found) for name, found in lists.items() if found},
            **({"rename": dict(pair("--rename", one, "OLD=NEW") for one in listed(rename))} if rename else {}),
            "add_devices": add_devices,
            "replace": replace,
            "restart": restart,
            "dry_run": dry_run,
        }
        return _load(output, place, files or [], cast("LoadOptions", given))


def _load(output: Output, place: Place, files: list[str], options: LoadOptions) -> int:
    from l3kit.operate.load.loading import load

    from_table = bool(options.get("from_table"))
    if not files and not from_table:
        place, file = place.before(None, "FILE")
        files = [file]
    if options["dry_run"] and not from_table:
        shows = output.shows()
        result = load(None, place.reach().twin, files, options, shows=partial(shows.sizes, "load"))
    else:
        with place.open() as twin:
            result = twin.load(*files, **options)
    output.answer(result)
    return LEFT_OVER if result.total("bad") else SUCCESS
