"""The model of a notebook's parameters: those of every notebook, with types and ranges, without unknown ones."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, ValidationInfo, field_validator

from l3kit.errors import NotATimeError
from l3kit.given_values import all_problems, problem_in
from l3kit.notebook.project import project_root
from l3kit.notebook.results import ResultFile, names_secret
from l3kit.notebook.run import begin_run
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.tiering.format.item_times import read_moment
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


class Parameters(Displayable, BaseModel):
    """Parameters of every notebook. Those of one cloud are checked by that cloud (`cloud_parameters`).

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
    result_path: str = Field(description="where the JSON result goes; empty is next to the output notebook")

    @field_validator("*", mode="before")
    @classmethod
    def _truth(cls, value: Any, info: ValidationInfo) -> Any:
        """Accept `true` and `false` as texts: `papermill -p fresh true` converts only Python's own spelling."""
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
        """Refuse a folder before the work begins; whether the file can be written is checked at the end."""
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
        """The parameters of single clouds, as arguments of `connect`."""
        return dict(self._cloud_parameters)

    @property
    def result(self) -> ResultFile:
        """The result file of this run."""
        if self._result is None:
            self._result = begin_run(self.notebook, dict(self), {}, project_root())
        return self._result

    def keep_result(self, result: ResultFile) -> None:
        """Set the result file of this run."""
        self._result = result

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
        """Each parameter with its value, as in the parameters cell."""
        frame = self.to_frame()
        return Sheet("", (table(frame.assign(value=frame["value"].map(str))),))


class Dated(Parameters):
    """Parameters of notebooks whose outcome depends on the age of data."""

    _now: datetime = PrivateAttr(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    as_of: str = Field(description="the moment the run stands for, ISO 8601 UTC; empty is now")

    @field_validator("as_of")
    @classmethod
    def _is_time(cls, value: str) -> str:
        return _checked_time(value)

    @property
    def moment(self) -> datetime:
        """`as_of`, or when the parameters were checked: the same time in all cells."""
        return _time(self.as_of) if self.as_of else self._now


P = TypeVar("P", bound=Parameters)


def check(model: type[P], given: Mapping[str, Any]) -> P:
    """Check a plain mapping, such as a params file. Raises: ConfigurationError naming every fault."""

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
    """Empty, or a moment in a form of docs/reference/items.md."""
    if value:
        _time(value)
    return value


def _time(value: str) -> datetime:
    try:
        moment = read_moment(value)
    except NotATimeError as error:
        raise ValueError(f"{error.cause}. {error.remedy}") from None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment // 1000)


def _quoted_if_empty(value: Any) -> Any:
    return value if value != "" else '""'
