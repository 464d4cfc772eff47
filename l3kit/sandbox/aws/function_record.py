"""The record of a deployed Lambda function, and the naming rules of the Lambda API."""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from l3kit.sandbox.aws.resource_policy import ResourcePolicy
from l3kit.sandbox.functions.shared_code import SharedCode, opened, outside

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
MAX_UNPACKED_BYTES = 250 * 1024 * 1024
MAX_VARIABLES_BYTES = 4096
_RESERVED_VARIABLES = frozenset(
    (
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    )
)


@dataclass(frozen=True, slots=True)
class FunctionConfig:
    """The configuration of an instance. Equal configurations share instances."""

    name: str
    arn: str
    role: str
    handler: str
    timeout: float
    memory_mb: int
    variables: Mapping[str, str]
    task_root: Path
    revision: int

    @property
    def log_group(self) -> str:
        return f"/aws/lambda/{self.name}"


@dataclass(slots=True)
class UrlConfig:
    """A Function URL's settings."""

    auth_type: str
    created: str
    modified: str


@dataclass(frozen=True, slots=True)
class EventSettings:
    """Retry settings of asynchronous invocations (PutFunctionEventInvokeConfig).

    Attributes:
        retries: attempts after the first.
        max_age: seconds after which an event is given up.
        on_failure: ARN of the bucket that gets a record of each event given up; empty for none.
        modified: seconds since 1970; 0 if nothing was ever put.
    """

    retries: int = 2
    max_age: int = 21_600
    on_failure: str = ""
    modified: float = 0.0


@dataclass(slots=True)
class FunctionRecord:
    """The gateway's own data of a function; moto keeps the rest of its control plane."""

    config: FunctionConfig
    policy: ResourcePolicy
    url: UrlConfig | None = None
    reserved_concurrency: int | None = None
    events: EventSettings = EventSettings()


class InvalidFunctionError(Exception):
    """A function that the real service would refuse; the message is its answer."""


def function_name(segment: str) -> str:
    """Return the bare name in a path segment: a name, a partial or full ARN, with or without a qualifier."""
    text = unquote(segment)
    if text.startswith("arn:"):
        parts = text.split(":")
        return parts[6] if len(parts) > 6 else text
    if ":function:" in text:
        return text.split(":function:")[1].split(":")[0]
    return text.split(":")[0]


def check_request(body: Mapping[str, Any], *, creating: bool) -> None:
    """Check settings that moto does not check. Raises: InvalidFunctionError."""
    runtime = body.get("Runtime")
    if creating and body.get("PackageType", "Zip") != "Zip":
        raise InvalidFunctionError("The l3kit sandbox runs zip packages only, no container images")
    if (creating or runtime is not None) and runtime != RUNTIME:
        raise InvalidFunctionError(
            f"The l3kit sandbox runs functions on its own interpreter, {RUNTIME}; Runtime is {runtime!r}. "
            f"Deploy with {RUNTIME}, or start the sandbox with the other interpreter"
        )
    if body.get("Layers"):
        raise InvalidFunctionError("The l3kit sandbox does not unpack layers; put everything into the zip")
    timeout = body.get("Timeout")
    if timeout is not None and not 1 <= timeout <= 900:
        raise InvalidFunctionError(f"Value {timeout} at 'timeout' failed to satisfy constraint: 1 to 900 seconds")
    check_variables((body.get("Environment") or {}).get("Variables") or {})


def check_variables(variables: Mapping[str, str]) -> None:
    reserved = sorted(_RESERVED_VARIABLES & variables.keys())
    if reserved:
        raise InvalidFunctionError(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided contains reserved keys that are currently not supported for modification. Reserved keys used "
            f"in this request: {', '.join(reserved)}"
        )
    size = len(json.dumps(dict(variables), separators=(",", ":"), ensure_ascii=False).encode())
    if size > MAX_VARIABLES_BYTES:
        raise InvalidFunctionError(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {size} bytes"
        )


def unpack(zip_bytes: bytes, folder: Path, shared: SharedCode) -> Path:
    """Unpack a zip under `folder`, once per content. Returns the task root.

    Args:
        shared: has what other functions have too.

    Raises: InvalidFunctionError for a damaged or oversized zip, or one that would write outside its folder.
    """
    digest = hashlib.sha256(zip_bytes).hexdigest()[:16]
    root = folder / digest / "code"
    if root.is_dir():
        return root
    try:
        with opened(zip_bytes) as archive:
            _check_zip(archive)
            shared.unpack(zip_bytes, archive, root)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise InvalidFunctionError(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from None
    return root


def _check_zip(archive: zipfile.ZipFile) -> None:
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MAX_UNPACKED_BYTES:
        raise InvalidFunctionError(f"Unzipped size must be smaller than {MAX_UNPACKED_BYTES} bytes")
    if (name := outside(archive)) is not None:
        raise InvalidFunctionError(f"The zip holds a path outside of its root: {name}")
