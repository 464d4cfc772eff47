"""Options that most verbs share: the twin, its target, and the connection to it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from l3kit.cli.completing import first_argument, sandboxes, targets
from l3kit.cli.output import Output
from l3kit.cli.values import listed, pair
from l3kit.errors import SandboxError

if TYPE_CHECKING:
    from l3kit.notebook.parameter_model import Dated
    from l3kit.operate.open_twin import OpenTwin
    from l3kit.twin.config import Twin

WHERE = "PARAMS-OR-TWIN"
DEPLOY_IT = "Start it and deploy the twin into it: l3kit apply"


@dataclass(frozen=True, slots=True)
class Reach:
    """A twin and how to reach it.

    Attributes:
        parameters: validated, as in a notebook.
        twin: its files.
        may_start: whether to start the sandbox if it is not running.
    """

    parameters: Dated
    twin: Twin
    may_start: bool = False

    @property
    def now(self) -> datetime | None:
        """The verb's time of reference; None is the present."""
        return self.parameters.moment if self.parameters.as_of else None


Connect = Callable[[Reach, Output], "OpenTwin"]
"""Connects to the clouds of a twin. Raises: SandboxError if its sandbox is not running and must not be started."""


@dataclass(frozen=True, slots=True)
class Place:
    """The twin and its target from the command line; None and empty mean not given.

    Attributes:
        where: a params file, or a twin's folder.
        clouds: parameters that only one cloud takes.
    """

    where: str | None
    target: str | None
    sandbox: str | None
    connect: Connect
    output: Output
    clouds: Mapping[str, str] = field(default_factory=dict)

    def open(self, *, as_of: str | None = None, may_start: bool = False) -> OpenTwin:
        """Connect to the twin's clouds. Raises: SandboxError if the sandbox is not running and must not be started.

        Args:
            as_of: the verb's time of reference; None: the params file's.
            may_start: start the sandbox if it is not running.
        """
        return self.connect(self.reach(as_of=as_of, may_start=may_start), self.output)

    def reach(self, *, as_of: str | None = None, may_start: bool = False) -> Reach:
        """Read the params file and the twin's files, without its clouds; the command line takes precedence."""
        from l3kit.notebook.parameter_model import Dated, check
        from l3kit.twin.target import check_cloud_parameters

        file = self._file()
        options = {
            "target": self.target,
            "sandbox": self.sandbox,
            "as_of": as_of,
            **check_cloud_parameters(self.clouds),
        }
        p = check(Dated, {**_of(file), **{key: value for key, value in options.items() if value is not None}})
        return Reach(p, _read(p, file), may_start)

    def before(self, name: str | None, what: str) -> tuple[Place, str]:
        """Return this place and the argument after it. A single argument on the command line is that one.

        Args:
            what: its name in the help.
        Raises: typer.BadParameter if neither is given.
        """
        if name is not None:
            return self, name
        if self.where is None:
            raise typer.BadParameter("is missing", param_hint=what)
        return replace(self, where=None), self.where

    def perhaps_before(self, name: str | None) -> tuple[Place, str | None]:
        """Return this place and the argument after it, if any. A single argument that is no path is that one."""
        if name is None and self.where is not None and not Path(self.where).exists():
            return replace(self, where=None), self.where
        return self, name

    def _file(self) -> Path:
        if self.where is not None:
            return Path(self.where)
        found = _found_here(self.target or "sandbox")
        here = Path.cwd().resolve()
        self.output.tell(f"{WHERE}: {found.relative_to(here) if found.is_relative_to(here) else found}")
        return found


def connected(reach: Reach, output: Output) -> OpenTwin:
    """Connect to the clouds of a twin (see `Connect`)."""
    from l3kit import sandbox
    from l3kit.operate.open_twin import OpenTwin
    from l3kit.sandbox.homes import known_home
    from l3kit.session import connect

    p, shows = reach.parameters, output.shows()
    if p.target == "sandbox" and not reach.may_start and sandbox.status(known_home(p.sandbox)) is None:
        raise SandboxError(f"sandbox {p.sandbox}", "is not running", DEPLOY_IT)
    steps = shows.steps("connect")
    session = connect(reach.twin, p.target, sandbox=p.sandbox, progress=steps, **p.cloud_parameters)
    return OpenTwin(reach.twin, session, p.sandbox if session.sandbox_home is not None else "", shows)


def place_parameters() -> Iterator[inspect.Parameter]:
    """The parameters that a verb with a place has on the command line."""
    return iter(inspect.signature(_options, eval_str=True).parameters.values())


def of_context(context: typer.Context, output: Output, given: dict[str, Any]) -> Place:
    """Remove the place's values from those of the command line."""
    where, target, sandbox, param = (given.pop(name) for name in ("where", "target", "sandbox", "param"))
    return Place(where, target, sandbox, context.obj, output, dict(pair("--param", one) for one in listed(param)))


def _options(
    *,
    where: Annotated[
        str | None,
        typer.Argument(
            metavar=WHERE,
            show_default=False,
            autocompletion=first_argument,
            help="A notebook's params file, or a twin's folder, which is then in the default sandbox. "
            "May be left out in a project of l3kit init.",
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            metavar="sandbox|live",
            autocompletion=targets,
            help="Emulators on this machine, or the real accounts of the twin's clouds.",
        ),
    ] = None,
    sandbox: Annotated[
        str | None,
        typer.Option("--sandbox", "--name", metavar="NAME", autocompletion=sandboxes, help="Name of the sandbox."),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param", "-p", metavar="NAME=VALUE[,...]", help="Parameter of one cloud, such as aws_profile=mine."
        ),
    ] = None,
) -> None:
    """The options of a place, whose defaults are in the params file."""


def _of(file: Path) -> dict[str, Any]:
    """Load the parameters common to all notebooks from a params file; a twin's folder means the default sandbox."""
    from l3kit.given_values import read_table
    from l3kit.notebook.parameter_model import Dated
    from l3kit.twin.target import cloud_parameter, new_name

    usual = {"target": "sandbox", "sandbox": "default", "as_of": ""}
    fixed = {"fresh": False, "result_path": ""}  # a verb works on what is there
    if file.is_dir():
        return {**usual, **fixed, "twin": str(file.resolve())}
    content = read_table(file)
    ours = [key for key in map(str, content) if key in Dated.model_fields or cloud_parameter(key) or new_name(key)]
    return {**usual, **{key: content[key] for key in ours}, **fixed}


def _read(p: Dated, file: Path) -> Twin:
    """Read the files of the twin."""
    from l3kit.notebook.project import twin_folder
    from l3kit.twin.config import Twin

    return Twin.load(twin_folder(file, p.twin))


def _found_here(target: str) -> Path:
    """Return the params file of the current project. Raises: typer.BadParameter if there is none."""
    from l3kit.new_project.choices import DEPLOY_PARAMS, TWIN_FOLDER
    from l3kit.sandbox.homes import project_root
    from l3kit.twin.config import CONFIG
    from l3kit.twin.target import target_fault

    root = project_root()
    file = root / DEPLOY_PARAMS.format(target=target)
    if target_fault(target) is None and (root / TWIN_FOLDER / CONFIG).is_file() and file.is_file():
        return file
    problem = (
        "is missing, and the current folder is not in a project of l3kit init: name a twin's folder or a params file"
    )
    raise typer.BadParameter(problem, param_hint=WHERE)
