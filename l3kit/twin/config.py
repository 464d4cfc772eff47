"""The twin project: a folder of config files, read and validated as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from l3kit.errors import ConfigurationError, NotATimeError
from l3kit.given_values import all_problems
from l3kit.providers import ALIASES, is_known, names, provider
from l3kit.tiering.format.item_times import moment_of, read_moment, shortest
from l3kit.tiering.format.messages import EARLIEST, HOURS_AHEAD
from l3kit.tiering.link_auth import LinkAuth
from l3kit.tiering.settings.tuning import REMOVED_TUNING, TUNING_VARIABLES, Tuning
from l3kit.tiering.settings.twin_info import DEFAULT_DIGITS, MAX_DIGITS
from l3kit.tiering.stream.events import Event
from l3kit.twin.config_files import load_events, parse_file
from l3kit.twin.device_limits import device_problems
from l3kit.twin.devices import DEVICES, Device, load_devices
from l3kit.twin.layout import Layout
from l3kit.twin.naming import check_twin_name
from l3kit.twin.processors import load_processors
from l3kit.twin.schedule_expressions import problem_with
from l3kit.twin.schedule_times import ever_matches, next_times

if TYPE_CHECKING:
    import pandas as pd

CONFIG, PROVIDER_FILE, EVENTS = "config.json", "config_providers.json", "config_events.json"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Config(_Strict):
    """`config.json`.

    Attributes:
        hot_storage_size_in_days, cold_storage_size_in_days: counted back from a mover's scheduled time.
        message_chain: whether layers 1 and 2, which receive devices' messages, are deployed.
        unknown_devices: `refuse` sends messages of devices that are not listed to the dead letters, `keep` stores them.
        reader_urls: whether the readers get addresses, which anybody with their tokens can call.
    """

    digital_twin_name: str
    hot_storage_size_in_days: int = Field(ge=0, le=36500)
    cold_storage_size_in_days: int = Field(ge=1, le=36500)
    mode: str = "production"
    mover_schedule: str = "rate(1 day)"
    time_digits: int = Field(default=DEFAULT_DIGITS, ge=0, le=MAX_DIGITS)
    earliest_reading: str = shortest(moment_of(EARLIEST))
    reading_hours_ahead: int = Field(default=HOURS_AHEAD, ge=0, le=876_000)
    protect_hot_table: bool | None = None
    message_chain: bool = True
    unknown_devices: Literal["refuse", "keep"] = "refuse"
    reader_urls: bool = False
    link_auth: LinkAuth = "token"
    tuning: dict[str, str | int] = Field(default={})

    @field_validator("digital_twin_name")
    @classmethod
    def _name(cls, value: str) -> str:
        try:
            return check_twin_name(value)
        except ConfigurationError as error:
            raise ValueError(error.cause) from None

    @field_validator("earliest_reading")
    @classmethod
    def _earliest(cls, value: str) -> str:
        try:
            read_moment(value)
        except NotATimeError as error:
            raise ValueError(f"{error.cause}. {error.remedy}") from None
        return value

    @field_validator("mover_schedule")
    @classmethod
    def _schedule(cls, value: str) -> str:
        problem = problem_with(value) if value == value.strip() else "it has blanks around it"
        if problem:
            allowed = "allowed are rate(1 day), cron(0 3 * * ? *) and the like"
            raise ValueError(f"is no schedule: {problem}; {allowed}")
        if not ever_matches(value):
            raise ValueError("never runs: there is no such day")
        return value

    @field_validator("tuning")
    @classmethod
    def _tuning(cls, value: dict[str, str | int]) -> dict[str, str | int]:
        for name in value:
            if name in REMOVED_TUNING:
                raise ValueError(f"{name} {REMOVED_TUNING[name]}")
            if name not in TUNING_VARIABLES:
                raise ValueError(f"{name} is not known; allowed are {', '.join(TUNING_VARIABLES)}")
        try:
            Tuning.from_env({name: str(setting) for name, setting in value.items()})
        except ConfigurationError as error:
            raise ValueError(f"{error.resource}: {error.cause}. {error.remedy}".rstrip(". ")) from None
        return value

    @model_validator(mode="after")
    def _order(self) -> Config:
        if self.cold_storage_size_in_days <= self.hot_storage_size_in_days:
            raise ValueError(
                f"cold_storage_size_in_days ({self.cold_storage_size_in_days}) must exceed "
                f"hot_storage_size_in_days ({self.hot_storage_size_in_days})"
            )
        return self


class Providers(_Strict):
    """`config_providers.json`: the cloud of each layer. `google` is an alias of `gcp`."""

    layer_1_provider: str
    layer_2_provider: str
    layer_3_hot_provider: str
    layer_3_cold_provider: str
    layer_3_archive_provider: str
    layer_4_provider: str | None = None
    layer_5_provider: str | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _known(cls, value: Any, field: ValidationInfo) -> Any:
        value = ALIASES.get(value, value) if isinstance(value, str) else value
        optional = field.field_name is not None and not cls.model_fields[field.field_name].is_required()
        if not (value is None and optional) and not (isinstance(value, str) and is_known(value)):
            aliases = ", ".join(f"{alias} stands for {name}" for alias, name in ALIASES.items())
            raise ValueError(f"is not allowed; allowed are {', '.join(names())} ({aliases})")
        return value

    def layout(self, *, message_chain: bool = True, events: bool = False, reader_urls: bool = False) -> Layout:
        """Return the clouds of the layers.

        Args:
            message_chain: whether layers 1 and 2 are deployed.
            events: whether the twin has events to check.
            reader_urls: whether the readers have addresses.
        """
        tiers = (self.layer_3_hot_provider, self.layer_3_cold_provider, self.layer_3_archive_provider)
        if not message_chain:
            return Layout(*tiers, reader_urls=reader_urls)
        l1, l2 = self.layer_1_provider, self.layer_2_provider
        return Layout(*tiers, l1=l1, l2=l2, events=events, reader_urls=reader_urls)


@dataclass(frozen=True, slots=True)
class Twin:
    """A validated twin.

    Attributes:
        path: its folder, where `config_inter_cloud.json` is kept.
        processors: its own processors, as files for the zip by path.
        layout: the clouds of its tiers, and the functions and links that follow.
    """

    path: Path
    config: Config
    devices: tuple[Device, ...]
    providers: Providers
    events: tuple[Event, ...] = ()
    processors: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    layout: Layout = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        layout = self.providers.layout(
            message_chain=self.config.message_chain, events=bool(self.events), reader_urls=self.config.reader_urls
        )
        object.__setattr__(self, "layout", layout)

    @classmethod
    def load(cls, path: str | Path) -> Twin:
        """Read and validate all files of the folder.

        Raises: ConfigurationError with every problem of every file, each with file and key.
        """
        folder = Path(path)
        if not folder.is_dir():
            raise ConfigurationError(str(path), "is not a folder", "Name the folder that holds the twin's config files")
        problems: list[str] = []
        config = parse_file(folder, CONFIG, Config, problems)
        devices = load_devices(folder, problems)
        providers = parse_file(folder, PROVIDER_FILE, Providers, problems)
        ids = {device.id for device in devices}
        events = load_events(folder, EVENTS, ids, problems)
        processors, faults = load_processors(folder, ids)
        problems += faults
        if providers is not None:
            layout = providers.layout(message_chain=config is None or config.message_chain)
            problems += _device_id_problems(devices, layout)
            problems += _schedule_problems(config, layout)
        if problems or config is None or providers is None:
            raise all_problems(f"twin {folder.name}", problems)
        return cls(folder.resolve(), config, devices, providers, events, processors)

    @property
    def name(self) -> str:
        return self.config.digital_twin_name

    def digital_twin_info(self) -> dict[str, Any]:
        """Return the twin's data for functions: the content of DIGITAL_TWIN_INFO, parsed by `TwinInfo`."""
        return {
            "config": self.config.model_dump(exclude={"tuning", "protect_hot_table", "link_auth"}),
            "config_iot_devices": [{"id": device.id} for device in self.devices],
            "config_providers": self.providers.model_dump(exclude_none=True),
            "config_events": [event.entry for event in self.events],
        }

    def connection_ids(self) -> dict[str, str]:
        """Return the cross-cloud links by their receiving function."""
        return {link.receiver: link.id for link in self.layout.links}

    def next_runs(self, now: datetime, made: datetime | None = None, count: int = 3) -> dict[str, list[datetime]]:
        """Return the next runs of each mover, by the schedule expression of its cloud.

        Args:
            made: start of a rate on AWS: the schedule's creation time.
        """
        senders = {"hot-to-cold-mover": self.layout.hot, "cold-to-archive-mover": self.layout.cold}
        return {
            mover: next_times(provider(cloud).native_schedule(self.config.mover_schedule), now, made, count)
            for mover, cloud in senders.items()
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per tier: its cloud, and how long data stay there."""
        import pandas as pd

        hot, cold = self.config.hot_storage_size_in_days, self.config.cold_storage_size_in_days
        rows = [
            ["hot", self.layout.hot, f"up to {hot} days old", len(self.devices)],
            ["cold", self.layout.cold, f"{hot} to {cold} days old", len(self.devices)],
            ["archive", self.layout.archive, f"over {cold} days old", len(self.devices)],
        ]
        return pd.DataFrame(rows, columns=["tier", "cloud", "holds data", "devices"])


def _device_id_problems(devices: tuple[Device, ...], layout: Layout) -> list[str]:
    return [
        f"{DEVICES}: entry {index}: id: {problem}. Rename the device, or choose another provider in {PROVIDER_FILE}"
        for index, device in enumerate(devices)
        for problem in device_problems(device.id, layout)
    ]


def _schedule_problems(config: Config | None, layout: Layout) -> list[str]:
    """List the schedules that a cloud's scheduler cannot express although EventBridge can."""
    if config is None:
        return []
    for cloud in (layout.hot, layout.cold):
        try:
            provider(cloud).native_schedule(config.mover_schedule)
        except ConfigurationError as error:
            return [f"{CONFIG}: {error}"]
    return []
