"""Checks of Cloud Functions that the definitions cannot make, and the values that it adds to a function."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from l3kit.sandbox.gcp.control.answers import invalid

ID = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_RUNTIME = re.compile(r"python3(?:8|9|1[0-4])")
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL = re.compile(r"[a-z0-9_-]{0,63}")
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)(k|Ki|M|Mi|G|Gi)?")
_VARIABLE = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*")
_RESERVED = re.compile(
    r"K_SERVICE|K_REVISION|K_CONFIGURATION|PORT|FUNCTION_TARGET|FUNCTION_SIGNATURE_TYPE|CLOUD_RUN_TIMEOUT_SECONDS|X_GOOGLE_.*"
)
_UNITS = {"": 1, "k": 1000, "Ki": 1024, "M": 1000**2, "Mi": 1024**2, "G": 1000**3, "Gi": 1024**3}
MAX_LABELS = 64
MAX_SECONDS = 3600
MAX_VARIABLES_BYTES = 32 * 1024
_CPU_OF_MEMORY = ((128, "0.0833"), (256, "0.1666"), (512, "0.3333"), (1024, "0.5833"), (2048, "1"), (8192, "2"))
"""CPU of a function that asks for none, by its memory in MiB (Cloud Run functions, "Configure memory")."""


def check_function(function: Mapping[str, Any]) -> None:
    """Raises: RefusedError."""
    build, service = function.get("buildConfig") or {}, function.get("serviceConfig") or {}
    if not _RUNTIME.fullmatch(str(build.get("runtime") or "")):
        raise invalid(f"Runtime {build.get('runtime')!r} is not supported.", "function.build_config.runtime")
    if not build.get("entryPoint"):
        raise invalid("The entry point is missing.", "function.build_config.entry_point")
    if function.get("environment") not in (None, "GEN_2"):
        raise invalid("Only functions of the environment GEN_2 are made with this version.", "function.environment")
    _check_labels(function.get("labels") or {})
    seconds = int(service.get("timeoutSeconds") or 60)
    if not 1 <= seconds <= MAX_SECONDS:
        raise invalid(f"The timeout has 1 to {MAX_SECONDS} seconds.", "function.service_config.timeout_seconds")
    if not _MEMORY.fullmatch(str(service.get("availableMemory") or "256M")):
        raise invalid(f"Invalid memory {service['availableMemory']!r}.", "function.service_config.available_memory")
    _check_variables(service.get("environmentVariables") or {})


def deployment_problem(function: Mapping[str, Any]) -> str:
    """Return why Cloud Run would refuse the service of a function; empty if it would not."""
    service = function["serviceConfig"]
    concurrency = int(service.get("maxInstanceRequestConcurrency") or 1)
    if concurrency > 1 and float(service["availableCpu"]) < 1:
        return (
            "Could not create or update Cloud Run service. spec.template.spec.containers.resources.limits.cpu: "
            f"Invalid value specified for cpu. Total cpu < 1 is not supported with concurrency > 1 ({concurrency})."
        )
    return ""


def completed(function: Mapping[str, Any], default_account: str) -> dict[str, Any]:
    """Return a function with the values that Google fills in."""
    service: dict[str, Any] = {
        "timeoutSeconds": 60,
        "availableMemory": "256M",
        "maxInstanceCount": 100,
        "maxInstanceRequestConcurrency": 1,
        "ingressSettings": "ALLOW_ALL",
        "serviceAccountEmail": default_account,
        "allTrafficOnLatestRevision": True,
        **{key: value for key, value in (function.get("serviceConfig") or {}).items() if value not in (None, "", 0)},
    }
    service.setdefault("availableCpu", _cpu_of(service["availableMemory"]))
    build = {"dockerRegistry": "ARTIFACT_REGISTRY", **(function.get("buildConfig") or {})}
    build.setdefault("serviceAccount", "")
    build = {key: value for key, value in build.items() if value not in (None, "")}
    return {**function, "environment": "GEN_2", "buildConfig": build, "serviceConfig": service}


def memory_of(text: str) -> int:
    """Return the bytes of an amount of memory such as `512Mi`."""
    found = _MEMORY.fullmatch(text)
    assert found is not None
    return int(float(found[1]) * _UNITS[found[2] or ""])


def _cpu_of(memory: str) -> str:
    size = memory_of(memory) / 1024**2
    return next((cpu for most, cpu in _CPU_OF_MEMORY if size <= most), "4")


def _check_labels(labels: Mapping[str, str]) -> None:
    if len(labels) > MAX_LABELS:
        raise invalid(f"At most {MAX_LABELS} labels are allowed.", "function.labels")
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key) or not _LABEL.fullmatch(value):
            raise invalid(
                f"Invalid label {key!r}: keys and values have at most 63 lower-case letters, digits, - and _.",
                "function.labels",
            )


def _check_variables(variables: Mapping[str, str]) -> None:
    place = "function.service_config.environment_variables"
    for name in variables:
        if not _VARIABLE.fullmatch(name):
            raise invalid(f"Invalid name of an environment variable: {name!r}.", place)
        if _RESERVED.fullmatch(name):
            raise invalid(f"The environment variable {name} is reserved.", place)
    size = sum(len(name.encode()) + len(value.encode("utf-8", "surrogatepass")) for name, value in variables.items())
    if size > MAX_VARIABLES_BYTES:
        raise invalid(f"The environment variables have {size:,} bytes; {MAX_VARIABLES_BYTES:,} are allowed.", place)
