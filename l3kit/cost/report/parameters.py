"""Parameters of cost_analysis.ipynb: a scenario's fields by their names in the file, and the notebook's own."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from l3kit.cost.analysis.scenario import KEYS, WORKLOAD_KEYS, Scenario
from l3kit.cost.model.workload import RANGES
from l3kit.errors import ConfigurationError
from l3kit.given_values import in_file, read_table
from l3kit.notebook.parameter_model import Dated, check
from l3kit.notebook.parameters import CloudName
from l3kit.notebook.project import project_root
from l3kit.twin.layout import Layout
from l3kit.twin.target import built_in_parameters

SCENARIO_KEYS = frozenset((*WORKLOAD_KEYS, *KEYS))
Number = int | float


def _number(name: str, description: str) -> Any:
    """A number of the workload, in its range."""
    low, high, _ = RANGES[name]
    bounds = [int(bound) if bound == int(bound) else float(bound) for bound in (low, high)]
    return Field(ge=bounds[0], le=bounds[1], description=description)


class CostAnalysisParameters(Dated):
    """cost_analysis.ipynb. Names and ranges of the workload are those of `Workload` and `Scenario`."""

    notebook: ClassVar[str] = "cost_analysis"

    scenario: str = Field(min_length=1, max_length=40, description="name of the scenario in the report")
    devices: int = _number("devices", "devices that send items")
    items_per_device_per_day: Number = _number("items_per_device_per_day", "items of one device, mean over the month")
    item_bytes: int = _number("item_bytes", "bytes of one item's JSON in a chunk")
    hot_item_bytes: int = _number("hot_item_bytes", "bytes of one item as the hot store bills it; 0 takes item_bytes")
    hot_days: Number = _number("hot_days", "days an item stays in the hot tier")
    cold_days: Number = _number("cold_days", "days it then stays in the cold tier")
    archive_days: Number = _number("archive_days", "days it then stays in the archive")
    days_between_runs: Number = _number("days_between_runs", "days between two runs of each mover")
    chunk_bytes: int = _number("chunk_bytes", "bytes of the largest chunk, uncompressed; l3kit itself stops at 5 MiB")
    page_by_page: bool = Field(description="cut a chunk at each page of the hot store, as naive movers do")
    compression: Literal["none", "gzip", "zstd"] = Field(description="of chunks at rest")
    sample: str = Field(min_length=1, description="items to measure compression on: a path below the project")
    at_rest_ratio: Number | None = _number("at_rest_ratio", "stored bytes / chunk bytes; None takes the measured one")
    wire_ratio: Number | None = _number("wire_ratio", "sent bytes / chunk bytes; None takes the measured one")
    ttl_deletes: bool = Field(description="moved items expire instead of being deleted by the mover")
    hot_reads_per_device_per_day: Number = _number(
        "hot_reads_per_device_per_day", "single items read from the hot store"
    )
    cold_read_share: Number = _number("cold_read_share", "part of what is kept in cold that is read in a month")
    archive_read_share: Number = _number("archive_read_share", "part of the archive that is read in a month")
    cold_lookups_per_month: Number = _number("cold_lookups_per_month", "single items looked for in the cold tier")
    archive_lookups_per_month: Number = _number("archive_lookups_per_month", "single items looked for in the archive")
    bulk_restores: bool = Field(description="restore slowly and cheaply, where the cloud offers that")
    restore_days: Number = _number("restore_days", "days a restored copy is kept")
    reads_leave_cloud: bool = Field(description="what is read goes out to the internet")
    alarms: bool = Field(description="alarms watch the movers, where the cloud offers that")
    free_tiers: bool = Field(description="subtract the monthly allowances")
    layout: str = Field(description="clouds of hot, cold and archive")
    regions: dict[CloudName, str] = Field(description="region of each cloud; {} takes the default ones")
    prices: str = Field(description="file of own prices over those of l3kit, below the project; empty is none")
    budget_usd: Number | None = Field(ge=0, description="USD a month; the notebook fails above it; None is no budget")
    compare_with: str = Field(description="scenario file with the values that differ, below the project; empty is none")
    measure_move: bool = Field(description="move readings of the example in the sandbox, and price what that took")
    move_readings: int = Field(ge=100, le=8706, description="readings of each station that are moved")

    @field_validator("target")
    @classmethod
    def _only_the_sandbox(cls, value: str) -> str:
        if value != "sandbox":
            raise ValueError("must be sandbox: prices need no account, and the move that is measured is a sandbox's")
        return value

    @field_validator("layout")
    @classmethod
    def _is_layout(cls, value: str) -> str:
        try:
            Layout.parse(value)
        except ConfigurationError as error:
            raise ValueError(f"is not allowed. {error.remedy}") from None
        return value

    def priced(self) -> Scenario:
        """The scenario with its prices. Raises: ConfigurationError for an unknown region, a wrong price file."""
        values = {name: getattr(self, name) for name in SCENARIO_KEYS}
        return Scenario.of({name: value for name, value in values.items() if value is not None}, project_root())

    def other(self) -> CostAnalysisParameters | None:
        """The scenario of `compare_with`, whose values override these; None if no file is named.

        Raises: ConfigurationError naming the file, and each value that is not allowed.
        """
        if not self.compare_with:
            return None
        path = project_root() / self.compare_with
        given = read_table(path)
        mine = {**self.model_dump(), **self.cloud_parameters}
        with in_file(path):
            return check(type(self), {**mine, "compare_with": "", **given})


NOTEBOOK_KEYS = frozenset(
    (*CostAnalysisParameters.model_fields, *(parameter.name for parameter in built_in_parameters()))
).difference(SCENARIO_KEYS)
"""Keys allowed in a scenario file that only the notebook uses."""
