"""Environment variables of each function: one table for the deployer and the function alike.

The deployer injects exactly `variables_for(...)`; the function validates its environment against the same table with
`load_settings`, so the two cannot drift apart.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from l3kit.errors import ConfigurationError, MissingConnectionError
from l3kit.tiering.ports import Compression
from l3kit.tiering.receiver_limit import (
    BYTES_VARIABLE,
    COUNTS_VARIABLE,
    MAX_LIMIT_BYTES,
    SMALLEST_LIMIT,
    ReceiverLimit,
)
from l3kit.tiering.tokens import FORMER_VARIABLE, TOKEN_VARIABLE, FormerToken, Secret, parse_former

MAX_CHUNK_BYTES = 5 * 1024 * 1024
"""Maximum size of a chunk, uncompressed, including brackets and commas (DESIGN, section 5)."""
MAX_SAFE_OBJECT_SIZE = 200 * 1024 * 1024
"""Larger objects are skipped with a warning by the cold-to-archive mover (DESIGN, section 6)."""
INFO_FILE = "digital_twin_info.json"
"""The packaged file that replaces DIGITAL_TWIN_INFO if it does not fit Lambda's 4 KB of variables."""

log = logging.getLogger(__name__)

StoreName = Literal["hot", "journal", "cold", "archive"]

TIMEOUT_VARIABLE = "FUNCTION_TIMEOUT_SECONDS"
SCHEDULE_VARIABLE = "MOVER_SCHEDULE"
DEFAULT_SECONDS, MAX_SECONDS = 60, 3600


@dataclass(frozen=True, slots=True)
class CloudVariables:
    """Names of the environment variables of functions on one cloud.

    Attributes:
        provider: the cloud's name.
        stores: the variable with the name of each store.
        places: the variables with the location of each store, such as an account; none if the cloud sets them.
        mover: further variables of movers, such as the time limit.
    """

    provider: str
    stores: Mapping[StoreName, str]
    places: Mapping[StoreName, tuple[str, ...]] = field(default_factory=dict)
    mover: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One function of the twin.

    Attributes:
        name: the folder under lambda_code/<provider>/ and the last part of the deployed name.
        role: determines its entry method (`l3kit.tiering.runtime.functions`).
        tier: the tier whose provider runs it.
        stores: stores it always uses.
        target: the store it writes to if that tier is on the same cloud; otherwise it uses the remote url.
        remote_url: for senders, the variable with the url of the writer on the next cloud.
        optional_store: an optional store that it only lists, available if that tier is on the same cloud.
        token: whether it always needs INTER_CLOUD_TOKEN (receivers).
    """

    name: str
    role: Literal["mover", "writer", "reader"]
    tier: Literal["l1", "l2", "hot", "cold", "archive"]
    stores: tuple[StoreName, ...] = ()
    target: StoreName | None = None
    remote_url: str | None = None
    token: bool = False
    optional_store: StoreName | None = None


FUNCTIONS: Mapping[str, FunctionSpec] = {
    spec.name: spec
    for spec in (
        FunctionSpec(
            "hot-to-cold-mover",
            "mover",
            "hot",
            ("hot", "journal"),
            "cold",
            "REMOTE_COLD_WRITER_URL",
            optional_store="archive",
        ),
        FunctionSpec("cold-writer", "writer", "cold", ("cold",), token=True, optional_store="archive"),
        FunctionSpec("cold-to-archive-mover", "mover", "cold", ("cold",), "archive", "REMOTE_ARCHIVE_WRITER_URL"),
        FunctionSpec("archive-writer", "writer", "archive", ("archive",), token=True),
        FunctionSpec("hot-reader", "reader", "hot", ("hot",)),
        FunctionSpec("hot-reader-last-entry", "reader", "hot", ("hot",)),
    )
}


@dataclass(frozen=True, slots=True)
class TwinInfo:
    """The part of the twin's config that functions need, parsed from DIGITAL_TWIN_INFO.

    Attributes:
        config: all keys of config.json that functions are given.
        events: the entries of config_events.json.
    """

    name: str
    hot_days: int
    cold_days: int
    devices: tuple[str, ...]
    providers: Mapping[str, str | None] | None
    config: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[Mapping[str, Any], ...] = ()

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
        events = info.get("config_events", [])
        if not isinstance(events, list) or not all(isinstance(entry, dict) for entry in events):
            raise ConfigurationError(where, "config_events must be a list of objects")
        ids = tuple(d["id"] for d in devices)
        return cls(name, days[0], days[1], ids, providers, config, tuple(events))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Tuning:
    """The settings of `tuning` in config.json; each has an environment variable of the same name in capitals.

    Attributes:
        max_chunk_bytes: bytes, 1,024 to 5,242,880.
        max_safe_object_size: bytes; larger cold objects are skipped with a warning.
        compression: at rest, `none`, `gzip` or `zstd`.
        device_concurrency: devices moved concurrently; each adds about three chunks of memory.
        delete_concurrency: concurrent delete batches, over all devices.
        request_timeout_seconds: time-out of one request to a database or a writer; object stores get four times as
            much, since their requests carry megabytes.
    """

    max_chunk_bytes: int = MAX_CHUNK_BYTES
    max_safe_object_size: int = MAX_SAFE_OBJECT_SIZE
    compression: Compression = "none"
    device_concurrency: int = 5
    delete_concurrency: int = 64
    request_timeout_seconds: int = 30

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Tuning:
        """Raises: ConfigurationError naming variable, value and range."""
        compression = env.get("COMPRESSION", "").strip() or "none"
        if compression not in ("none", "gzip", "zstd"):
            raise ConfigurationError("COMPRESSION", f"{compression!r} is not allowed", "Allowed: none, gzip, zstd")
        return cls(
            max_chunk_bytes=_whole(env, "MAX_CHUNK_BYTES", cls().max_chunk_bytes, 1024, MAX_CHUNK_BYTES),
            max_safe_object_size=_whole(env, "MAX_SAFE_OBJECT_SIZE", MAX_SAFE_OBJECT_SIZE, 1, 5 * 1024**4),
            compression=compression,  # type: ignore[arg-type]
            device_concurrency=_whole(env, "DEVICE_CONCURRENCY", cls().device_concurrency, 1, 64),
            delete_concurrency=_whole(env, "DELETE_CONCURRENCY", cls().delete_concurrency, 1, 256),
            request_timeout_seconds=_whole(env, "REQUEST_TIMEOUT_SECONDS", cls().request_timeout_seconds, 1, 300),
        )


DEFAULT_TUNING = Tuning()
REQUEST_TIMEOUT = float(DEFAULT_TUNING.request_timeout_seconds)
OBJECT_TIMEOUTS = 4
"""Time-out factor for requests to an object store, which carry up to 8 MiB."""
TUNING_VARIABLES = tuple(name.upper() for name in Tuning.__dataclass_fields__)
REMOVED_TUNING: Mapping[str, str] = {
    "REWRITE_GUARD": "was removed, because the store now decides each delete: remove the line",
}
"""Settings of earlier versions, each with what to do about it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The validated settings of one function.

    Attributes:
        remote_url: set only in multi-cloud mode.
        receiver_limit: of the writer at `remote_url`.
        former: a receiver's former tokens, each valid until its expiry.
        seconds: a mover's time limit, on clouds that do not pass it with each call.
    """

    function: str
    provider: str
    twin: TwinInfo
    stores: Mapping[StoreName, str]
    remote_url: str | None = None
    token: Secret = field(default_factory=lambda: Secret(""))
    former: tuple[FormerToken, ...] = ()
    tuning: Tuning = DEFAULT_TUNING
    seconds: int = DEFAULT_SECONDS
    receiver_limit: ReceiverLimit = SMALLEST_LIMIT


def is_multi_cloud(url: str | None, twin: TwinInfo, source_tier: str, target_tier: str) -> bool:
    """Whether the next tier is on another cloud: requires a non-blank url and two different providers.

    Providers are compared case-sensitively.
    Raises: ConfigurationError if a url is set and a provider is missing, null or empty.
    """
    if not url or not url.strip():
        return False
    if not twin.providers:
        raise ConfigurationError("DIGITAL_TWIN_INFO", "config_providers is missing although a remote url is set")
    keys = [f"layer_3_{tier}_provider" for tier in (source_tier, target_tier)]
    for key in keys:
        if not twin.providers.get(key):
            raise ConfigurationError(
                "DIGITAL_TWIN_INFO",
                f"config_providers.{key} is missing or empty although a remote url is set",
            )
    return twin.providers[keys[0]] != twin.providers[keys[1]]


def load_settings(
    function: str, env: Mapping[str, str], *, cloud: CloudVariables, root: Path | None = None
) -> Settings:
    """Read and validate a function's variables.

    Args:
        env: usually os.environ.
        cloud: the variables of the cloud that the function runs on.
        root: folder of the packaged code, which may contain DIGITAL_TWIN_INFO as a file.
    Raises: ConfigurationError (a RuntimeError) naming the variable; MissingConnectionError (a ValueError) for a
        sender with a url but no token. A receiver without a token starts, and answers every request with 403.
    """
    spec = FUNCTIONS[function]
    names = cloud.stores
    twin = TwinInfo.parse(env.get("DIGITAL_TWIN_INFO"), root=root)
    url = env.get(spec.remote_url, "") if spec.remote_url else ""
    remote = bool(spec.target and is_multi_cloud(url, twin, spec.tier, spec.target))
    needed = [*spec.stores, *([spec.target] if spec.target and not remote else [])]
    stores = {resource: _require(env, names[resource], function) for resource in needed}
    if (optional := spec.optional_store) and all(
        env.get(name, "").strip() for name in (names[optional], *cloud.places.get(optional, ()))
    ):  # functions deployed by an older version lack them
        stores[optional] = env[names[optional]].strip()
    for resource in needed:
        for name in cloud.places.get(resource, ()):
            _require(env, name, function)
    for name in sorted(cloud.mover) if spec.role == "mover" else ():
        _require(env, name, function)
    token = Secret(env.get(TOKEN_VARIABLE, ""))
    former = _former(env) if spec.token else ()
    if remote and not token:
        raise MissingConnectionError(
            f"{function}: {TOKEN_VARIABLE}",
            f"is blank although {spec.remote_url} is set",
            "Apply the twin again to inject it",
        )
    seconds = _whole(env, TIMEOUT_VARIABLE, DEFAULT_SECONDS, 1, MAX_SECONDS)
    url = url.strip()
    tuning = Tuning.from_env(env)
    limit = _receiver_limit(env) if remote else SMALLEST_LIMIT
    return Settings(
        function, cloud.provider, twin, stores, url if remote else None, token, former, tuning, seconds, limit
    )


def variables_for(function: str, *, cloud: CloudVariables, remote: bool, archive_here: bool) -> Sequence[str]:
    """Names of the variables the deployer must inject, DIGITAL_TWIN_INFO included, sorted.

    Args:
        cloud: the variables of the cloud that the function runs on.
        remote: the function sends to another cloud.
        archive_here: the archive tier is on the same cloud.
    """
    spec = FUNCTIONS[function]
    names = cloud.stores
    resources = [*spec.stores, *([spec.target] if spec.target and not remote else [])]
    if spec.optional_store == "archive" and archive_here:
        resources.append(spec.optional_store)
    wanted = {"DIGITAL_TWIN_INFO", *(names[r] for r in resources)}
    wanted |= {name for r in resources for name in cloud.places.get(r, ())}
    if spec.role == "mover":
        wanted |= cloud.mover
    if spec.remote_url and remote:
        wanted |= {spec.remote_url, TOKEN_VARIABLE, BYTES_VARIABLE, COUNTS_VARIABLE}
    if spec.token:
        wanted.add(TOKEN_VARIABLE)
    return sorted(wanted)


def further_variables(function: str) -> Sequence[str]:
    """Names of the optional variables of a function, in addition to those of `variables_for`."""
    return (*TUNING_VARIABLES, FORMER_VARIABLE) if FUNCTIONS[function].token else TUNING_VARIABLES


def _receiver_limit(env: Mapping[str, str]) -> ReceiverLimit:
    """Raises: ConfigurationError naming variable, value and range."""
    least = SMALLEST_LIMIT.max_bytes
    if not env.get(BYTES_VARIABLE, "").strip():
        return SMALLEST_LIMIT
    counts = env.get(COUNTS_VARIABLE, "").strip() or SMALLEST_LIMIT.counts
    if counts not in ("body", "event"):
        raise ConfigurationError(COUNTS_VARIABLE, f"{counts!r} is not allowed", "Allowed: body, event")
    return ReceiverLimit(_whole(env, BYTES_VARIABLE, least, least, MAX_LIMIT_BYTES), counts)  # type: ignore[arg-type]


def _former(env: Mapping[str, str]) -> tuple[FormerToken, ...]:
    try:
        return parse_former(env.get(FORMER_VARIABLE, ""))
    except ValueError as error:  # the current token is valid all the same
        log.error("%s %s: no former token is accepted; apply the twin again", FORMER_VARIABLE, error)
        return ()


def _require(env: Mapping[str, str], name: str, function: str) -> str:
    value = env.get(name, "")
    if not value.strip():
        raise ConfigurationError(
            name,
            f"{function} requires this environment variable, and it is missing or blank",
            "Apply the twin again; l3kit injects it",
        )
    return value.strip()


def _whole(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise ConfigurationError(name, f"{text!r} is not a whole number from {low} to {high}")
    return value
