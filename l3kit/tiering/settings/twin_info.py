"""The part of a twin's config that functions need: DIGITAL_TWIN_INFO."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from l3kit.errors import ConfigurationError

MAX_DIGITS = 9
DEFAULT_DIGITS = 3
"""Fraction digits of the canonical form of a time (docs/reference/items.md)."""
ARCHIVE_DAYS = "archive_storage_size_in_days"
"""The key in config.json after which data are deleted; without it they never are."""
INFO_FILE = "digital_twin_info.json"
"""The packaged file that replaces DIGITAL_TWIN_INFO if it does not fit Lambda's 4 KB of variables."""


@dataclass(frozen=True, slots=True)
class TwinInfo:
    """The part of the twin's config that functions need, parsed from DIGITAL_TWIN_INFO.

    Attributes:
        archive_days: age at which data are deleted from the archive; None if they are kept for ever.
        time_digits: fraction digits of the twin's times.
        keep_unknown: whether messages of devices that are not listed are stored.
        events: the entries of config_events.json.
        config: all keys of config.json for functions.
        reader_urls: whether the readers have addresses, each with its own token.
        alarms: whether functions print the metrics of alarms.
    """

    name: str
    hot_days: int
    cold_days: int
    devices: tuple[str, ...]
    providers: Mapping[str, str | None] | None
    time_digits: int = DEFAULT_DIGITS
    keep_unknown: bool = False
    events: tuple[dict[str, Any], ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    reader_urls: bool = False
    alarms: bool = False
    archive_days: int | None = None

    @classmethod
    def parse(cls, text: str | None, *, root: Path | None = None) -> TwinInfo:
        """Parse the variable's text, or the packed file it points to (`file:digital_twin_info.json`).

        Raises: ConfigurationError for anything missing, empty or malformed; never a TypeError, never empty values.
        """
        where = "DIGITAL_TWIN_INFO"
        if text is None or not text.strip():
            raise ConfigurationError(where, "the variable is not set", "Apply the twin again; l3kit injects it")
        if text.startswith("file:"):
            path = (root or Path.cwd()) / text.removeprefix("file:")
            try:
                text = path.read_text("utf-8")
            except OSError as error:
                raise ConfigurationError(
                    where, f"points to {path.name}, which cannot be read ({error.strerror})"
                ) from None
        try:
            info = json.loads(text)
        except ValueError as error:
            raise ConfigurationError(where, f"is not JSON ({error})") from None
        if not isinstance(info, dict) or not info:
            raise ConfigurationError(where, "is not a JSON object with content")
        return cls._from_json(info, where)

    @classmethod
    def _from_json(cls, info: dict[str, Any], where: str) -> TwinInfo:
        config = info.get("config")
        if not isinstance(config, dict):
            raise ConfigurationError(where, "has no object under the key 'config'")
        name = config.get("digital_twin_name")
        days = [config.get(key) for key in ("hot_storage_size_in_days", "cold_storage_size_in_days")]
        if not isinstance(name, str) or not name:
            raise ConfigurationError(where, "config.digital_twin_name is missing or empty")
        for key, value in zip(("hot_storage_size_in_days", "cold_storage_size_in_days"), days, strict=True):
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise ConfigurationError(where, f"config.{key} must be a whole number of days, not {value!r}")
        devices = info.get("config_iot_devices")
        if not isinstance(devices, list) or not all(
            isinstance(d, dict) and isinstance(d.get("id"), str) for d in devices
        ):
            raise ConfigurationError(where, "config_iot_devices must be a list of objects with an 'id'")
        providers = info.get("config_providers")
        if providers is not None and not isinstance(providers, dict):
            raise ConfigurationError(where, "config_providers must be an object")
        digits = config.get("time_digits", DEFAULT_DIGITS)
        if not isinstance(digits, int) or isinstance(digits, bool) or not 0 <= digits <= MAX_DIGITS:
            raise ConfigurationError(where, f"config.time_digits must be 0 to {MAX_DIGITS}, not {digits!r}")
        unknown = config.get("unknown_devices", "refuse")
        if unknown not in ("refuse", "keep"):
            raise ConfigurationError(where, f"config.unknown_devices must be refuse or keep, not {unknown!r}")
        events = info.get("config_events", [])
        if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
            raise ConfigurationError(where, "config_events must be a list of objects")
        flags = {key: config.get(key, False) for key in ("reader_urls", "alarms")}
        for key, flag in flags.items():
            if not isinstance(flag, bool):
                raise ConfigurationError(where, f"config.{key} must be true or false, not {flag!r}")
        return cls(
            name,
            days[0],  # type: ignore[arg-type]
            days[1],  # type: ignore[arg-type]
            tuple(device["id"] for device in devices),
            providers,
            time_digits=digits,
            keep_unknown=unknown == "keep",
            events=tuple(events),
            config=config,
            archive_days=_archive_days(config, days[1], where),  # type: ignore[arg-type]
            **flags,
        )


def _archive_days(config: Mapping[str, Any], cold_days: int, where: str) -> int | None:
    """Return the age at which data expire. Raises: ConfigurationError if they would before they are archived."""
    days = config.get(ARCHIVE_DAYS)
    if days is None:
        return None
    if not isinstance(days, int) or isinstance(days, bool) or days <= cold_days:
        raise ConfigurationError(
            where,
            f"config.{ARCHIVE_DAYS} must be whole days above cold_storage_size_in_days, {cold_days}, not {days!r}",
        )
    return days


def layer_1_is_apart(twin: TwinInfo) -> bool:
    """Return whether layers 1 and 2 are on different clouds. Raises: ConfigurationError if one of them is unknown."""
    keys = [provider_key("l1"), provider_key("l2")]
    for key in keys:
        if not (twin.providers or {}).get(key):
            raise ConfigurationError("DIGITAL_TWIN_INFO", f"config_providers.{key} is missing or empty")
    return len({(twin.providers or {})[key] for key in keys}) > 1


def sends_feedback(twin: TwinInfo) -> bool:
    """Return whether an event sends a message to a device."""
    actions = [action for event in twin.events if isinstance(action := event.get("action"), dict)]
    return any(action.get("type") == "feedback" or action.get("feedback") is not None for action in actions)


def provider_key(layer: str) -> str:
    """The key in config_providers of `l1`, `l2` or a tier."""
    return f"layer_{layer[1:]}_provider" if layer in ("l1", "l2") else f"layer_3_{layer}_provider"


def is_multi_cloud(url: str | None, twin: TwinInfo, source_tier: str, target_tier: str) -> bool:
    """Return whether the next tier is on another cloud: requires a non-blank url and two different providers.

    Providers are compared case-sensitively.
    Raises: ConfigurationError if a url is set and a provider is missing, null or empty.
    """
    if not url or not url.strip():
        return False
    if not twin.providers:
        raise ConfigurationError("DIGITAL_TWIN_INFO", "config_providers is missing although a remote url is set")
    keys = [provider_key(tier) for tier in (source_tier, target_tier)]
    for key in keys:
        if not twin.providers.get(key):
            raise ConfigurationError(
                "DIGITAL_TWIN_INFO",
                f"config_providers.{key} is missing or empty although a remote url is set",
            )
    return twin.providers[keys[0]] != twin.providers[keys[1]]
