"""The twin project: a folder of config files, read and validated as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from l3kit.errors import ConfigurationError, NotATimeError
from l3kit.given_values import HIDDEN, all_problems
from l3kit.providers import provider
from l3kit.tiering.format.item_times import moment_of, read_moment, shortest
from l3kit.tiering.format.messages import EARLIEST, HOURS_AHEAD
from l3kit.tiering.link_auth import LinkAuth
from l3kit.tiering.settings.function_table import EXPIRER
from l3kit.tiering.settings.tuning import REMOVED_TUNING, TUNING_VARIABLES, Tuning
from l3kit.tiering.settings.twin_info import ARCHIVE_DAYS, DEFAULT_DIGITS, MAX_DIGITS
from l3kit.tiering.stream.events import Event
from l3kit.twin.config_files import StrictModel, load_events, parse_file
from l3kit.twin.device_limits import device_problems
from l3kit.twin.devices import DEVICES, Device, load_devices
from l3kit.twin.layout import SCHEDULED, Layout
from l3kit.twin.naming import check_twin_name
from l3kit.twin.notify import problem_with_addresses
from l3kit.twin.processors import load_processors
from l3kit.twin.provider_choice import Providers
from l3kit.twin.schedule_expressions import problem_with
from l3kit.twin.schedule_times import ever_matches, next_times

if TYPE_CHECKING:
    import pandas as pd

CONFIG, PROVIDER_FILE, EVENTS = "config.json", "config_providers.json", "config_events.json"
DEFAULT_SCHEDULE = "rate(1 day)"


class Config(StrictModel):
    """`config.json`.

    Attributes:
        hot_storage_size_in_days, cold_storage_size_in_days: counted back from a mover's scheduled time.
        archive_storage_size_in_days: age at which data are deleted; None keeps them for ever.
        expiry_schedule: when the archive expirer runs.
        message_chain: whether layers 1 and 2 are deployed, through which devices' messages come.
        unknown_devices: `refuse` sends messages of devices that are not listed to the dead letters, `keep` stores them.
        reader_urls: whether the readers get addresses, which anybody with their tokens can call.
        alarms: whether the movers are watched; unset, they are if `notify` names anybody.
        notify: email addresses and https URLs that alarms are sent to.
    """

    digital_twin_name: str
    hot_storage_size_in_days: int = Field(ge=0, le=36500)
    cold_storage_size_in_days: int = Field(ge=1, le=36500)
    archive_storage_size_in_days: int | None = Field(default=None, ge=1, le=36500)
    mode: str = "production"
    mover_schedule: str = DEFAULT_SCHEDULE
    expiry_schedule: str = DEFAULT_SCHEDULE
    time_digits: int = Field(default=DEFAULT_DIGITS, ge=0, le=MAX_DIGITS)
    earliest_reading: str = shortest(moment_of(EARLIEST))
    reading_hours_ahead: int = Field(default=HOURS_AHEAD, ge=0, le=876_000)
    protect_hot_table: bool | None = None
    message_chain: bool = True
    unknown_devices: Literal["refuse", "keep"] = "refuse"
    reader_urls: bool = False
    link_auth: LinkAuth = "token"
    alarms: bool | None = None
    notify: list[str] = Field(default=[], repr=False)
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

    @field_validator("mover_schedule", "expiry_schedule")
    @classmethod
    def _schedule(cls, value: str) -> str:
        problem = problem_with(value) if value == value.strip() else "it has blanks around it"
        if problem:
            allowed = "allowed are rate(1 day), cron(0 3 * * ? *) and the like"
            raise ValueError(f"is not a schedule: {problem}; {allowed}")
        if not ever_matches(value):
            raise ValueError("never runs: there is no such day")
        return value

    @field_validator("notify")
    @classmethod
    def _addresses(cls, value: list[str]) -> list[str]:
        if problem := problem_with_addresses(value):
            raise PydanticCustomError(HIDDEN, "{problem}", {"problem": problem})
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
    def _notified(self) -> Config:
        if self.alarms is False and self.notify:
            raise ValueError("alarms is false although notify names addresses: remove alarms, or empty notify")
        return self

    @model_validator(mode="after")
    def _order(self) -> Config:
        if self.cold_storage_size_in_days <= self.hot_storage_size_in_days:
            raise ValueError(
                f"cold_storage_size_in_days ({self.cold_storage_size_in_days}) must exceed "
                f"hot_storage_size_in_days ({self.hot_storage_size_in_days})"
            )
        days, cold = self.archive_storage_size_in_days, self.cold_storage_size_in_days
        if days is not None and days <= cold:
            raise ValueError(
                f"{ARCHIVE_DAYS} ({days}) must exceed cold_storage_size_in_days ({cold}), or data would be deleted "
                f"before they are archived: write {cold + 1} or more, or remove it to keep data for ever"
            )
        if days is None and "expiry_schedule" in self.model_fields_set:
            raise ValueError(f"expiry_schedule has no effect without {ARCHIVE_DAYS}: add that, or remove it")
        return self

    def schedule_of(self, function: str) -> str:
        """Return the expression of the schedule that starts this function."""
        return self.expiry_schedule if function == EXPIRER else self.mover_schedule


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
            message_chain=self.config.message_chain,
            events=self.events,
            reader_urls=self.config.reader_urls,
            expires=self.config.archive_storage_size_in_days is not None,
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
            layout = providers.layout(
                message_chain=config is None or config.message_chain,
                expires=config is not None and config.archive_storage_size_in_days is not None,
            )
            problems += _device_id_problems(devices, layout)
            problems += _schedule_problems(config, layout)
        if problems or config is None or providers is None:
            raise all_problems(f"twin {folder.name}", problems)
        return cls(folder.resolve(), config, devices, providers, events, processors)

    @property
    def name(self) -> str:
        return self.config.digital_twin_name

    @property
    def has_alarms(self) -> bool:
        """True if the movers are watched on clouds that offer it: only where asked for, since it costs money."""
        return bool(self.config.alarms or self.config.notify)

    def digital_twin_info(self) -> dict[str, Any]:
        """Return the twin's data for functions: the content of DIGITAL_TWIN_INFO, parsed by `TwinInfo`."""
        excluded = {"tuning", "protect_hot_table", "link_auth", "alarms", "notify", "expiry_schedule"}
        config = self.config.model_dump(exclude=excluded)
        if config[ARCHIVE_DAYS] is None:  # absent, so that the functions of a twin that keeps all do not change
            del config[ARCHIVE_DAYS]
        if self.has_alarms:
            config["alarms"] = True
        return {
            "config": config,
            "config_iot_devices": [{"id": device.id} for device in self.devices],
            "config_providers": self.providers.model_dump(exclude_none=True),
            "config_events": [event.entry for event in self.events],
        }

    def connection_ids(self) -> dict[str, str]:
        """Return the cross-cloud links by their receiving function."""
        return {link.receiver: link.id for link in self.layout.links}

    def next_runs(self, now: datetime, made: datetime | None = None, count: int = 3) -> dict[str, list[datetime]]:
        """Return the next runs of each mover, and of the expirer if there is one, by the expression of its cloud.

        Args:
            made: start of a rate on AWS: the schedule's creation time.
        """
        schedule_of = self.config.schedule_of
        return {
            function: next_times(provider(cloud).native_schedule(schedule_of(function)), now, made, count)
            for function in SCHEDULED
            if (cloud := self.layout.host_of(function))
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per tier: its cloud, and how long data stay there."""
        import pandas as pd

        hot, cold = self.config.hot_storage_size_in_days, self.config.cold_storage_size_in_days
        last = self.config.archive_storage_size_in_days
        archived = f"over {cold} days old" if last is None else f"{cold} to {last} days old, then deleted"
        rows = [
            ["hot", self.layout.hot, f"up to {hot} days old", len(self.devices)],
            ["cold", self.layout.cold, f"{hot} to {cold} days old", len(self.devices)],
            ["archive", self.layout.archive, archived, len(self.devices)],
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
    problems = []
    for function in (function for function in SCHEDULED if layout.host_of(function)):
        try:
            provider(str(layout.host_of(function))).native_schedule(config.schedule_of(function))
        except ConfigurationError as error:
            key = "expiry_schedule" if function == EXPIRER else "mover_schedule"
            problems.append(f"{CONFIG}: {key}: {error.cause}. {error.remedy}")
    return list(dict.fromkeys(problems))
