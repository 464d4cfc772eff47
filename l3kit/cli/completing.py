"""Shell completion of names: devices, functions, movers, sandboxes, clouds and targets.

A completer reads files of the twin and of the project alone. Where it finds nothing, the shell suggests files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import typer

_PLAIN = re.compile(r"[\w@%+.][\w@%+.:/=-]*")
"""Names that no shell splits and that are not a list of values."""
MAX_PARAMS_BYTES = 1 << 16
"""Maximum size of a params file; reading a longer file would only slow completion down."""
Names = Callable[[typer.Context], Iterable[str]]
Completer = Callable[[typer.Context, str], list[str]]


def _completer(names: Names, *, several: bool = False) -> Completer:
    """Return typer's callback for a parameter.

    Args:
        several: the value is a list whose last element is completed.
    """

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        done, comma, begun = incomplete.rpartition(",") if several else ("", "", incomplete)
        try:
            known = [name for name in names(ctx) if _PLAIN.fullmatch(name) and name.startswith(begun)]
        except Exception:  # whatever is wrong, the verb reports it; here it would spoil the line that is being typed
            return []
        return [f"{done}{comma}{name}" for name in known if name not in done.split(",")]

    return complete


def _devices(ctx: typer.Context) -> Iterable[str]:
    """Read the devices without `Twin.load`, which reads and checks all files."""
    try:
        text = _device_file(_twin_folder(ctx))
    except Exception:
        if not _names_a_file_alone(ctx):
            raise
        text = _device_file(_twin_of_params(_params_here(ctx.params.get("target") or "sandbox")))
    return [entry["id"] for entry in json.loads(text)]


def _device_file(twin: Path) -> str:
    return (twin / "config_iot_devices.json").read_text("utf-8-sig")


def _names_a_file_alone(ctx: typer.Context) -> bool:
    """Return True if the first argument may be a file to load into the current project's twin."""
    return ctx.command.name == "load" and not ctx.params.get("files") and len(ctx.args) < 2


def _functions(ctx: typer.Context) -> Iterable[str]:
    from l3kit.cli.values import ALL
    from l3kit.twin.config import Twin
    from l3kit.twin.layout import ORDER

    layout = Twin.load(_twin_folder(ctx)).layout
    return [*(name for name in ORDER if layout.host_of(name)), ALL]


def _movers(ctx: typer.Context) -> Iterable[str]:
    from l3kit.twin.layout import SCHEDULED

    return SCHEDULED


def _sandboxes(ctx: typer.Context) -> Iterable[str]:
    from l3kit.sandbox.homes import named_homes

    return named_homes()


def _clouds(ctx: typer.Context) -> Iterable[str]:
    from l3kit.providers import names

    return names()


def _clouds_for(ctx: typer.Context) -> Iterable[str]:
    """The clouds that have the part that the verb needs."""
    from l3kit.providers import PartName, names_with

    needed: dict[str | None, PartName] = {
        "permissions": "permissions",
        "first-light": "first light",
        "refresh": "price list",
    }
    return names_with(needed[ctx.command.name])


def _targets(ctx: typer.Context) -> Iterable[str]:
    from l3kit.twin.target import TARGETS

    return TARGETS


def _names_behind(ctx: typer.Context) -> Iterable[str]:
    """The names that a verb takes after the twin, where the twin is optional."""
    behind = {"query": _devices, "explain": _devices, "logs": _functions, "run": _movers}
    names = behind.get(ctx.command.name or "")
    return names(ctx) if names and _twin_folder(ctx).is_dir() else ()


def _twin_folder(ctx: typer.Context) -> Path:
    """The folder of the twin named on the line so far, or in the current project of `l3kit init`.

    Raises: FileNotFoundError if there is none.
    """
    behind = ctx.args[0] if ctx.args else None  # where an option without its value stopped the parser before arguments
    where = ctx.params.get("where") or behind
    file = Path(where).expanduser() if where else _params_here(ctx.params.get("target") or "sandbox")
    return file if file.is_dir() else _twin_of_params(file)


def _twin_of_params(file: Path) -> Path:
    """Return the twin folder of a params file. Raises: FileNotFoundError if it is no params file."""
    from l3kit.given_values import read_table
    from l3kit.notebook.project import twin_folder

    if not file.is_file() or file.stat().st_size > MAX_PARAMS_BYTES:
        raise FileNotFoundError(file)
    return twin_folder(file, read_table(file)["twin"])


def _params_here(target: str) -> Path:
    """Return the current project's params folder. Raises: FileNotFoundError if the current folder is in no project."""
    from l3kit.new_project.choices import DEPLOY_PARAMS, TWIN_FOLDER
    from l3kit.sandbox.homes import project_root

    root = project_root()
    if not (root / TWIN_FOLDER).is_dir():
        raise FileNotFoundError(root / TWIN_FOLDER)
    return root / DEPLOY_PARAMS.format(target=target)


devices = _completer(_devices)
device_list = _completer(_devices, several=True)
functions = _completer(_functions)
movers = _completer(_movers)
sandboxes = _completer(_sandboxes)
clouds = _completer(_clouds)
cloud_list = _completer(_clouds, several=True)
clouds_for_verb = _completer(_clouds_for)
targets = _completer(_targets)
first_argument = _completer(_names_behind)
