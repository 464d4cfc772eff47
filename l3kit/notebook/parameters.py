"""Notebook parameters: typed, ranged, and none unknown. A notebook's second cell checks what its first one set."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from l3kit.errors import ConfigurationError, NotATimeError
from l3kit.given_values import all_problems, problem_in
from l3kit.notebook.namespace import parameters_in
from l3kit.notebook.results import ResultFile, names_secret
from l3kit.notebook.run import begin_run
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.providers import is_known, names
from l3kit.tiering.format.item_times import read_moment
from l3kit.tiering.format.time_ranges import read_bound
from l3kit.twin.target import (
    TARGET_MEANING,
    Target,
    cloud_parameter,
    cloud_parameter_fault,
    target_fault,
    unknown_parameter,
)

if TYPE_CHECKING:
    import pandas as pd


def project_root(start: Path | None = None) -> Path:
    """The folder that holds `notebooks/` and `params/`, looked for from here upwards."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "params").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    raise ConfigurationError(
        str(here), "is not inside the project", "Start Jupyter or papermill in the project's folder"
    )


class Parameters(Displayable, BaseModel):
    """What every notebook takes, beside what only one cloud does, which that cloud checks (`cloud_parameters`).

    The fields' descriptions are the comments of the parameters cell.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    notebook: ClassVar[str]
    _result: ResultFile | None = PrivateAttr(default=None)
    _cloud_parameters: dict[str, str] = PrivateAttr(default_factory=dict)

    twin: str = Field(min_length=1, description="folder of the twin's config files, below the project")
    target: Target = Field(description=TARGET_MEANING)
    sandbox: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$", description="name of the sandbox to use")
    fresh: bool = Field(description="sandbox only: begin with an empty one of its own, and stop it at the end")
    result_path: str = Field(description="where the JSON result goes; empty is beside the output notebook")

    @field_validator("*", mode="before")
    @classmethod
    def _truth(cls, value: Any, info: ValidationInfo) -> Any:
        """`papermill -p fresh true` hands the text on; only Python's own spelling becomes a bool there."""
        if isinstance(value, str) and info.field_name and cls.model_fields[info.field_name].annotation is bool:
            return {"true": True, "false": False}.get(value.lower(), value)
        return value

    @field_validator("target", mode="before")
    @classmethod
    def _is_target(cls, value: Any) -> Any:
        if fault := target_fault(value):
            raise ValueError(fault)
        return value

    @field_validator("result_path")
    @classmethod
    def _is_file(cls, value: str) -> str:
        """Found before the work whose result it is to hold; whether it can be written is seen in the end."""
        path = Path(value)
        if value and path.is_dir():
            raise ValueError("is a folder: name a file in it")
        if value and (file := next((part for part in path.parents if part.is_file()), None)):
            raise ValueError(f"lies below {file.name}, which is a file: name another place")
        return value

    @property
    def twin_path(self) -> Path:
        """The twin's folder, below the project root unless absolute."""
        return project_root() / self.twin

    @property
    def cloud_parameters(self) -> dict[str, Any]:
        """Those that only one cloud takes, as `connect` takes them."""
        return dict(self._cloud_parameters)

    @property
    def result(self) -> ResultFile:
        """Where the result of this run goes."""
        if self._result is None:
            self._result = begin_run(self.notebook, dict(self), {}, project_root())
        return self._result

    def to_frame(self) -> pd.DataFrame:
        """Name, value and meaning of each parameter; paths outside the project are not shown."""
        import pandas as pd

        fields = type(self).model_fields
        shown = [(name, getattr(self, name), field.description) for name, field in fields.items()]
        of_clouds = [(name, value, _meaning(name)) for name, value in self._cloud_parameters.items()]
        at = len(Parameters.model_fields)  # behind what every notebook takes
        rows = [
            (name, _quoted_if_empty(value), meaning)
            for name, value, meaning in (*shown[:at], *of_clouds, *shown[at:])
            if name != "result_path"
        ]
        return pd.DataFrame(rows, columns=["parameter", "value", "meaning"]).set_index("parameter")

    def sheet(self) -> Sheet:
        """Each parameter with its value, as the parameters cell has it."""
        frame = self.to_frame()
        return Sheet("", (table(frame.assign(value=frame["value"].map(str))),))


class Dated(Parameters):
    """Notebooks whose outcome depends on what is old."""

    _now: datetime = PrivateAttr(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    as_of: str = Field(description="the moment the run stands for, ISO 8601 UTC; empty is now")

    @field_validator("as_of")
    @classmethod
    def _is_time(cls, value: str) -> str:
        return _checked_time(value)

    @property
    def moment(self) -> datetime:
        """`as_of`, or when the parameters were checked: the same moment in all cells."""
        return _time(self.as_of) if self.as_of else self._now


class WalkthroughParameters(Dated):
    """walkthrough.ipynb"""

    notebook: ClassVar[str] = "walkthrough"

    every_days: int = Field(ge=1, le=330, description="days between two runs of the movers")


def _known_cloud(value: str) -> str:
    """Raises: ValueError, which pydantic tells by the parameter."""
    if not is_known(value):
        raise ValueError(f"{value!r} is not a known cloud; allowed: {', '.join(names())}")
    return value


CloudName = Annotated[str, AfterValidator(_known_cloud)]


class DeployParameters(Parameters):
    """deploy_l3.ipynb"""

    notebook: ClassVar[str] = "deploy_l3"

    apply_changes: bool = Field(description="False only shows the plan")
    rotate_tokens: bool = Field(description="True makes new tokens for all cross-cloud links")
    clouds: list[CloudName] = Field(description="deploy only the parts on these clouds; [] is all")


class RunMoversParameters(Dated):
    """run_movers.ipynb"""

    notebook: ClassVar[str] = "run_movers"

    prepare: bool = Field(description="sandbox only: deploy and load the example where nothing is deployed")
    replay_days: int = Field(ge=0, le=3650, description="run at past scheduled times, this many days back; 0 runs once")
    replay_every_days: int = Field(ge=1, le=365, description="days between those times")


class VerifyParameters(Parameters):
    """verify_connections.ipynb"""

    notebook: ClassVar[str] = "verify_connections"

    prepare: bool = Field(description="sandbox only: deploy the twin where nothing is deployed")
    canary: bool = Field(description="send one item down the tiers and remove it again")
    clouds: list[CloudName] = Field(description="check only the parts on these clouds; [] is all")


class QueryParameters(Dated):
    """query_tiers.ipynb"""

    notebook: ClassVar[str] = "query_tiers"

    prepare: bool = Field(
        description="sandbox only: deploy, and load and move the device's example data where it has none"
    )
    device: str = Field(min_length=1, description="device id")
    quantity: str = Field(min_length=1, description="the quantity to plot")
    unit: str = Field(description="its unit, for the axis")
    start: str = Field(description="first time, ISO 8601 UTC; empty is the beginning")
    end: str = Field(description="last time; empty is as_of")
    restore: bool = Field(description="request a restore of archived parts")
    restore_days: int = Field(ge=1, le=30, description="days for which restored copies stay readable")
    wait_seconds: int = Field(ge=0, le=172800, description="seconds to wait for restores")

    @field_validator("start", "end")
    @classmethod
    def _are_bounds(cls, value: str, info: ValidationInfo) -> str:
        return _checked_bound(value, is_end=info.field_name == "end")

    @property
    def start_time(self) -> str:
        return self.start

    @property
    def end_time(self) -> str:
        return self.end or self.moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class CrashLabParameters(Dated):
    """crash_lab.ipynb"""

    notebook: ClassVar[str] = "crash_lab"

    step: int = Field(ge=1, le=100, description="kill the mover at this one of its calls")
    when: Literal["before", "after"] = Field(description="before or after the call takes effect")
    every_step: bool = Field(description="kill it after each of its calls in turn, too")


class DestroyParameters(Parameters):
    """destroy_l3.ipynb"""

    notebook: ClassVar[str] = "destroy_l3"

    prepare: bool = Field(description="sandbox only: deploy the twin first where nothing is deployed")
    apply_changes: bool = Field(description="False only shows what would be removed")
    data: bool = Field(description="True removes tables and buckets with all they hold")
    confirm: str = Field(description="the twin's name, needed when data is True")

    @model_validator(mode="after")
    def _confirmed(self) -> DestroyParameters:
        if self.data and self.target != "sandbox":
            from l3kit.twin.config import Twin

            name = Twin.load(self.twin_path).name
            if self.confirm != name:
                raise ValueError(f"confirm must be the twin's name, {name!r}, because data is True")
        return self


P = TypeVar("P", bound=Parameters)


def parameters(model: type[P], namespace: Mapping[str, Any]) -> P:
    """Check the parameters a notebook was given.

    Args:
        model: the notebook's parameters.
        namespace: the notebook's `globals()` after its parameters cell; papermill puts its values there. Other names
            of an earlier run in the same kernel are passed over.
    Its result is begun, and says so where a cell fails.
    Raises: ConfigurationError naming each parameter, its value and what is allowed; an unknown one with the nearest
        known name.
    """
    given = parameters_in(namespace, frozenset(model.model_fields))
    root = project_root()
    try:
        p = check(model, given)
    except ConfigurationError:
        with contextlib.suppress(ConfigurationError):  # its place may be what is wrong
            begin_run(model.notebook, given, namespace, root)
        raise
    p._result = begin_run(model.notebook, given, namespace, root)
    return p


def check(model: type[P], given: Mapping[str, Any]) -> P:
    """`parameters` for a plain mapping, such as a params file."""

    def unknown(name: str) -> str:
        return unknown_parameter(name, "this notebook", model.model_fields)

    of_clouds = {name: found for name in given if name not in model.model_fields and (found := cloud_parameter(name))}
    problems = [
        f"{name}: parameters never carry secrets; boto3 and config_inter_cloud.json hold them{_nearest(name, model)}"
        for name in given
        if names_secret(name) and name not in (*model.model_fields, *of_clouds)
    ]
    if not problems:
        problems += [
            f"{name} = {given[name]!r}: {fault}"
            for name, parameter in of_clouds.items()
            if (fault := cloud_parameter_fault(parameter, given[name]))
        ]
        try:
            p = model.model_validate({name: value for name, value in given.items() if name not in of_clouds})
        except ValidationError as error:
            problems += [problem_in(finding, unknown) for finding in error.errors()]
    if not problems:
        p._cloud_parameters = {name: str(given[name]) for name in of_clouds}
        return p
    raise all_problems("parameters", problems)


def _meaning(name: str) -> str:
    parameter = cloud_parameter(name)
    return "" if parameter is None else parameter.meaning


def _nearest(name: str, model: type[BaseModel]) -> str:
    near = difflib.get_close_matches(name, model.model_fields, n=1, cutoff=0.8)
    return f"; did you mean {near[0]}?" if near else ""


def _checked_time(value: str) -> str:
    """Empty, or a moment in a form of docs/items.md."""
    if value:
        _time(value)
    return value


def _checked_bound(value: str, *, is_end: bool) -> str:
    """Empty, or a bound of a query: a moment, or a day. Raises: ValueError, which pydantic tells by the parameter."""
    try:
        if value:
            read_bound(value, is_end=is_end)
    except ConfigurationError as error:
        raise ValueError(f"{error.cause}. {error.remedy}") from None
    return value


def _time(value: str) -> datetime:
    try:
        moment = read_moment(value)
    except NotATimeError as error:
        raise ValueError(f"{error.cause}. {error.remedy}") from None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment // 1000)


def _quoted_if_empty(value: Any) -> Any:
    return value if value != "" else '""'
