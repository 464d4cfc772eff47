"""The settings of `tuning` in config.json, and limits that they must not exceed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from l3kit.errors import ConfigurationError
from l3kit.tiering.ports import Compression

MAX_CHUNK_BYTES = 5 * 1024 * 1024
"""Maximum size of a chunk, uncompressed, including brackets and commas (docs/reference/chunks.md)."""
MAX_SAFE_OBJECT_SIZE = 200 * 1024 * 1024
"""Larger objects are skipped with a warning by the cold-to-archive mover."""


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
        """Read the settings. Raises: ConfigurationError naming variable, value and range."""
        compression = env.get("COMPRESSION", "").strip() or "none"
        if compression not in ("none", "gzip", "zstd"):
            raise ConfigurationError("COMPRESSION", f"{compression!r} is not allowed", "Allowed: none, gzip, zstd")
        return cls(
            max_chunk_bytes=whole_number(env, "MAX_CHUNK_BYTES", cls().max_chunk_bytes, 1024, MAX_CHUNK_BYTES),
            max_safe_object_size=whole_number(env, "MAX_SAFE_OBJECT_SIZE", MAX_SAFE_OBJECT_SIZE, 1, 5 * 1024**4),
            compression=compression,  # type: ignore[arg-type]
            device_concurrency=whole_number(env, "DEVICE_CONCURRENCY", cls().device_concurrency, 1, 64),
            delete_concurrency=whole_number(env, "DELETE_CONCURRENCY", cls().delete_concurrency, 1, 256),
            request_timeout_seconds=whole_number(env, "REQUEST_TIMEOUT_SECONDS", cls().request_timeout_seconds, 1, 300),
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


def whole_number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """Parse a variable as a whole number; a blank one is the default. Raises: ConfigurationError naming the range."""
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
