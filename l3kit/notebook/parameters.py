"""The parameters of each notebook, set in its first cell and checked in its second."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from l3kit.errors import ConfigurationError
from l3kit.notebook.namespace import parameters_in
from l3kit.notebook.parameter_model import Dated, Parameters, check
from l3kit.notebook.project import project_root
from l3kit.notebook.run import begin_run
from l3kit.providers import is_known, names
from l3kit.tiering.format.time_ranges import read_bound


class WalkthroughParameters(Dated):
    """walkthrough.ipynb"""

    notebook: ClassVar[str] = "walkthrough"

    every_days: int = Field(ge=1, le=330, description="days between two runs of the movers")


def _known_cloud(value: str) -> str:
    """Check a cloud's name. Raises: ValueError, which pydantic reports with the parameter's name."""
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


class OperationsParameters(Dated):
    """operations.ipynb"""

    notebook: ClassVar[str] = "operations"

    prepare: bool = Field(
        description="sandbox only: deploy, load some of the example and run the movers where none ran"
    )
    history_days: int = Field(ge=1, le=90, description="days of past runs, before as_of")


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
            of an earlier run in the same kernel are ignored.
    Returns: the checked parameters, with the result file of this run begun, which records a failing cell.
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
    p.keep_result(begin_run(model.notebook, given, namespace, root))
    return p


def _checked_bound(value: str, *, is_end: bool) -> str:
    """Empty, or a bound of a query: a moment, or a day.

    Raises: ValueError, which pydantic reports with the parameter's name.
    """
    try:
        if value:
            read_bound(value, is_end=is_end)
    except ConfigurationError as error:
        raise ValueError(f"{error.cause}. {error.remedy}") from None
    return value
