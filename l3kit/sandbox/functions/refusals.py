"""Validation of a function's definition, as strict as the real services."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from l3kit.sandbox.functions.cron_fields import problem_with_unix_cron
from l3kit.sandbox.functions.record import PYTHON, Definition, Job, RefusedError

FIELDS = frozenset(("python", "settings", "labels", "timeout", "public", "schedules", "callers"))
NAMES = {
    "azure": re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])"),
    "gcp": re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"),
}
JOB_NAME = re.compile(r"[A-Za-z0-9_-]{1,500}")
SETTINGS = {"azure": re.compile(r"[A-Za-z0-9_.]+"), "gcp": re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*")}
RESERVED = {
    "azure": re.compile(r"(?:FUNCTIONS_|WEBSITE_|AZURE_FUNCTIONS_|PYTHON|L3KIT_SANDBOX_).*"),
    "gcp": re.compile(
        r"K_SERVICE|K_REVISION|K_CONFIGURATION|PORT|FUNCTION_TARGET|FUNCTION_SIGNATURE_TYPE|"
        r"X_GOOGLE_.*|CLOUD_RUN_TIMEOUT_SECONDS"
    ),
}
"""Settings reserved for the platforms."""
MAX_SETTING_BYTES = 32 * 1024
"""Maximum size of one setting: Cloud Run's quota. Azure documents none; operating systems accept little more."""
MAX_SETTINGS = 1000
LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LABEL = re.compile(r"[a-z0-9_-]{0,63}")
MAX_TIMEOUT = {"azure": 600, "gcp": 3600}
"""Seconds: of a run on the Consumption plan; of a request to Cloud Run."""


def check_definition(cloud: str, name: str, given: object) -> Definition:
    """Validate a definition. Raises: RefusedError naming what the service would refuse."""
    if not isinstance(given, dict):
        raise RefusedError("the definition is no JSON object")
    if unknown := sorted(set(given) - FIELDS):
        raise RefusedError(f"the definition has unknown fields: {', '.join(unknown)}")
    if not NAMES[cloud].fullmatch(name):
        raise RefusedError(f"{name!r} is no function name on {cloud}")
    if given.get("python") != PYTHON:
        raise RefusedError(f"the sandbox runs functions on its own Python {PYTHON}, not {given.get('python')!r}")
    timeout, public = given.get("timeout", 60), given.get("public", False)
    if type(timeout) is not int or not 1 <= timeout <= MAX_TIMEOUT[cloud]:
        raise RefusedError(f"timeout must be 1 to {MAX_TIMEOUT[cloud]} seconds on {cloud}, not {timeout!r}")
    if not isinstance(public, bool):
        raise RefusedError(f"public must be true or false, not {public!r}")
    settings, labels = _texts(given, "settings"), _texts(given, "labels")
    _check_settings(cloud, settings)
    for key, value in labels.items():
        if not LABEL_KEY.fullmatch(key) or not LABEL.fullmatch(value):
            raise RefusedError(f"the label {key!r}={value!r} has other characters than lower case, digits, - and _")
    return Definition(
        settings, labels, timeout, public, _jobs(cloud, given.get("schedules", [])), _callers(cloud, given)
    )


def _callers(cloud: str, given: Mapping[str, Any]) -> tuple[str, ...]:
    found = given.get("callers", [])
    if not isinstance(found, list) or not all(isinstance(name, str) and NAMES[cloud].fullmatch(name) for name in found):
        raise RefusedError("callers must be a list of function names")
    if found and cloud == "azure":
        raise RefusedError("Azure's functions are called with a key, which opens them for everybody who has it")
    return tuple(found)


def _texts(given: Mapping[str, Any], name: str) -> Mapping[str, str]:
    found = given.get(name, {})
    if not isinstance(found, dict):
        raise RefusedError(f"{name} must be a JSON object of texts")
    for key, value in found.items():
        if not isinstance(value, str):
            raise RefusedError(f"{name}: the value of {key!r} is no text")
    return found


def _check_settings(cloud: str, settings: Mapping[str, str]) -> None:
    if len(settings) > MAX_SETTINGS:
        raise RefusedError(f"there are {len(settings):,} settings; {MAX_SETTINGS:,} are allowed")
    for key, value in settings.items():
        if not SETTINGS[cloud].fullmatch(key):
            raise RefusedError(f"{key!r} is no name of a setting on {cloud}")
        if RESERVED[cloud].fullmatch(key):
            raise RefusedError(f"the setting {key} belongs to the platform")
        if "\0" in value:
            raise RefusedError(f"the setting {key} holds a zero byte")
        size = len(key.encode()) + len(value.encode("utf-8", "surrogatepass"))
        if size > MAX_SETTING_BYTES:
            raise RefusedError(f"the setting {key} has {size:,} bytes; {MAX_SETTING_BYTES:,} are allowed")


def _jobs(cloud: str, given: object) -> Sequence[Job]:
    if not isinstance(given, list):
        raise RefusedError("schedules must be a list")
    if given and cloud == "azure":
        raise RefusedError("Azure's timers are defined in the function's code, not in its definition")
    jobs: dict[str, Job] = {}
    for entry in given:
        texts = isinstance(entry, dict) and all(isinstance(value, str) for value in entry.values())
        if not texts or not {"name", "schedule"} <= set(entry) <= {"name", "schedule", "body"}:
            raise RefusedError("a schedule has the texts name, schedule and body")
        job = Job(**entry)
        if not JOB_NAME.fullmatch(job.name) or job.name in jobs:
            raise RefusedError(f"{job.name!r} is no name of a schedule, or is there twice")
        if problem := problem_with_unix_cron(job.schedule):
            raise RefusedError(f"the schedule {job.name}: {problem}")
        jobs[job.name] = job
    return tuple(jobs.values())
