"""Options of a load, as given and as checked."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypedDict

from l3kit.errors import ConfigurationError, NotATimeError
from l3kit.given_values import check_known
from l3kit.operate.load.columns import Columns
from l3kit.operate.load.times import RepeatedHour, RowTimes, checked_form, zone_of
from l3kit.tiering.format.item_times import read_moment

Form = Literal["csv", "jsonl", "json", "parquet"]
FORMS: tuple[Form, ...] = ("csv", "jsonl", "json", "parquet")


class LoadOptions(TypedDict, total=False):
    """Options of a load; docs/how-to/load.md describes them.

    Attributes:
        from_table, from_cloud: a table, container or collection to copy instead of files; by default on the cloud
            of the hot tier.
        form: form of the files; by default taken from the name, else from the first bytes.
        device, device_id, time: the columns of device and time; `device_id` is the one device of all rows.
        rename, value, drop: new names of columns; the only ones to load; those to omit.
        time_format, timezone, repeated_hour: the interpretation of times.
        shift_to: the time that the newest reading gets, all others moving with it; empty keeps the times.
        text, missing, decimal: columns whose cells stay text; cells that count as empty; the decimal sign.
        delimiter, encoding, columns: options for CSV; `columns` are the names of a file without a header.
        add_devices: add unknown devices to the twin's list.
        replace: replace an item with the same device and time and other content.
        rate: maximum rows per second; 0 for as many as the store takes.
        read_rate: maximum read units per second; 0 for no limit.
        out: folder for bad rows and progress; by default that of each file.
        restart: load from the first row although an interrupted load could be continued.
        dry_run: write nothing; report the first items and all problems.
    """

    from_table: str
    from_cloud: str
    form: Form | None
    device: str
    device_id: str
    time: str
    rename: Mapping[str, str]
    value: Sequence[str]
    drop: Sequence[str]
    time_format: str
    timezone: str
    repeated_hour: RepeatedHour
    shift_to: str
    text: Sequence[str]
    missing: Sequence[str]
    decimal: str
    delimiter: str
    encoding: str
    columns: Sequence[str]
    add_devices: bool
    replace: bool
    rate: float
    read_rate: float
    out: str | Path | None
    restart: bool
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Cells:
    """Rules for reading the cells of a CSV file.

    Attributes:
        delimiter: empty: detected.
        names: names of the columns of a file without a header.
    """

    text: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    decimal: str = "."
    delimiter: str = ""
    encoding: str = "utf-8"
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked options.

    Attributes:
        shift_to: nanoseconds since 1970; None keeps the times.
        read_rate: None if not given.
    """

    columns: Columns = field(default_factory=Columns)
    times: RowTimes = field(default_factory=RowTimes)
    cells: Cells = field(default_factory=Cells)
    form: Form | None = None
    shift_to: int | None = None
    from_table: str = ""
    from_cloud: str = ""
    add_devices: bool = False
    replace: bool = False
    rate: float = 0.0
    read_rate: float | None = None
    out: Path | None = None
    restart: bool = False
    dry_run: bool = False


def checked(options: LoadOptions) -> Settings:
    """Check the options. Raises: ConfigurationError naming the option."""
    check_known("load", options, LoadOptions.__annotations__)
    given: dict[str, Any] = dict(options)
    for name in ("value", "drop", "text", "missing", "columns"):
        if isinstance(given.get(name), str):
            raise ConfigurationError(f"--{name}", "is one text, not a list of them", f'Give ["{given[name]}"]')
    if given.get("device") and given.get("device_id"):
        raise ConfigurationError("--device-id", "and --device exclude each other", "Give one of them")
    for name, allowed in (("form", (None, *FORMS)), ("repeated_hour", ("refuse", "earlier", "later"))):
        if given.get(name, allowed[0]) not in allowed:
            shown = ", ".join(filter(None, allowed))
            raise ConfigurationError(f"--{name.replace('_', '-')}", f"{given[name]!r} is not allowed", f"Give {shown}")
    for name, unit in (("rate", "rows"), ("read_rate", "read units")):
        rate = given.get(name) or 0.0
        if not 0 <= rate < float("inf"):
            remedy = f"Give {unit} a second, or 0 for no limit"
            raise ConfigurationError(f"--{name.replace('_', '-')}", f"{rate} is not a rate", remedy)
    _check_kind(given)
    zone, form = zone_of(given.get("timezone", "")), checked_form(given.get("time_format", ""))
    return Settings(
        Columns(**{name: given[name] for name in _COLUMNS if name in given}),
        RowTimes(zone, given.get("repeated_hour", "refuse"), form),
        _cells(given),
        shift_to=_moment("--shift-to", given.get("shift_to", "")),
        out=None if given.get("out") is None else Path(given["out"]),
        **{name: given[name] for name in _PLAIN if name in given},
    )


_PLAIN = (
    *("from_table", "from_cloud", "form", "add_devices", "replace"),
    *("rate", "read_rate", "restart", "dry_run"),
)
_COLUMNS = ("device", "device_id", "time", "rename", "value", "drop")
_OF_FILES = ("form", "shift_to", "text", "missing", "decimal", "delimiter", "encoding", "columns")
_OF_TABLES = ("from_cloud", "read_rate")


def _check_kind(given: Mapping[str, Any]) -> None:
    """Check the options. Raises: ConfigurationError for an option of files given with a table, or the reverse."""
    from_table = bool(given.get("from_table"))
    of = "files alone" if from_table else "a table: it needs --from-table"
    for name in _OF_FILES if from_table else _OF_TABLES:
        if given.get(name) not in (None, "", [], ()):
            raise ConfigurationError(f"--{name.replace('_', '-')}", f"is an option of {of}", "Leave it out")


def _cells(given: Mapping[str, Any]) -> Cells:
    decimal, delimiter = given.get("decimal", "."), given.get("delimiter", "")
    if decimal not in (".", ","):
        raise ConfigurationError("--decimal", f"{decimal!r} is not a decimal sign", "Give a point or a comma")
    if len(delimiter) > 1 or delimiter in ('"', "\n", "\r") or delimiter.isalnum():
        raise ConfigurationError("--delimiter", f"{delimiter!r} is not a delimiter", "Give one character, such as ;")
    encoding = encoding_of(given.get("encoding", "utf-8"))
    names = tuple(given.get("columns", ()))
    text, missing = frozenset(given.get("text", ())), frozenset(given.get("missing", ()))
    return Cells(text, missing, decimal, delimiter, encoding, names)


def _moment(option: str, text: str) -> int | None:
    try:
        return read_moment(text) if text else None
    except NotATimeError as error:
        raise ConfigurationError(option, f"{text!r} {error.cause}", error.remedy) from None


def encoding_of(name: str) -> str:
    """Return Python's name of a text encoding. Raises: ConfigurationError if it is unknown."""
    try:
        encoding = codecs.lookup(name).name
        "a".encode(encoding)
    except (LookupError, ValueError):
        cause = f"{name!r} is not an encoding of text"
        raise ConfigurationError("--encoding", cause, "Name one such as utf-8, latin-1 or utf-16") from None
    return encoding
