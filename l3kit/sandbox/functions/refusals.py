"""Validation of a function's definition, as strict as the real services."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from l3kit.sandbox.functions.platform import Platform
from l3kit.sandbox.functions.record import PYTHON, Definition, Job, RefusedError

FIELDS = frozenset(("python", "settings", "labels", "timeout", "public", "schedules"))
JOB_NAME = re.compile(r"[A-Za-z0-9_-]{1,500}")
MAX_SETTING_BYTES = 32 * 1024
"""Maximum size of one setting: Cloud Run's quota. Azure documents none; operating systems accept little more."""
MAX_SETTINGS = 1000
LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LABEL = re.compile(r"[a-z0-9_-]{0,63}")


def check_definition(platform: Platform, name: str, given: object) -> Definition:
    """Validate a definition. Raises: RefusedError naming what the service would refuse."""
    if not isinstance(given, dict):
        raise RefusedError("the definition is not a JSON object")
    if unknown := sorted(set(given) - FIELDS):
        raise RefusedError(f"the definition has unknown fields: {', '.join(unknown)}")
    if not platform.names.function.fullmatch(name):
        raise RefusedError(f"{name!r} is not a function name on {platform.cloud}")
    if given.get("python") != PYTHON:
        raise RefusedError(f"the sandbox runs functions on its own Python {PYTHON}, not {given.get('python')!r}")
    timeout, public = given.get("timeout", 60), given.get("public", False)
    most = platform.limits.timeout
    if type(timeout) is not int or not 1 <= timeout <= most:
        raise RefusedError(f"timeout must be 1 to {most} seconds on {platform.cloud}, not {timeout!r}")
    if not isinstance(public, bool):
        raise RefusedError(f"public must be true or false, not {public!r}")
    settings, labels = _texts(given, "settings"), _texts(given, "labels")
    _check_settings(platform, settings)
    for key, value in labels.items():
        if not LABEL_KEY.fullmatch(key) or not LABEL.fullmatch(value):
            raise RefusedError(f"the label {key!r}={value!r} has other characters than lower case, digits, - and _")
    jobs = _jobs(platform, given.get("schedules", []))
    return Definition(settings, labels, timeout, public, jobs)


def _texts(given: Mapping[str, Any], name: str) -> Mapping[str, str]:
    found = given.get(name, {})
    if not isinstance(found, dict):
        raise RefusedError(f"{name} must be a JSON object of texts")
    for key, value in found.items():
        if not isinstance(value, str):
            raise RefusedError(f"{name}: the value of {key!r} is not text")
    return found


def _check_settings(platform: Platform, settings: Mapping[str, str]) -> None:
    if len(settings) > MAX_SETTINGS:
        raise RefusedError(f"there are {len(settings):,} settings; {MAX_SETTINGS:,} are allowed")
    for key, value in settings.items():
        if not platform.names.setting.fullmatch(key):
            raise RefusedError(f"{key!r} is not the name of a setting on {platform.cloud}")
        if platform.names.reserved.fullmatch(key):
            raise RefusedError(f"the setting {key} belongs to the platform")
        if "\0" in value:
            raise RefusedError(f"the setting {key} holds a zero byte")
        size = len(key.encode()) + len(value.encode("utf-8", "surrogatepass"))
        if size > MAX_SETTING_BYTES:
            raise RefusedError(f"the setting {key} has {size:,} bytes; {MAX_SETTING_BYTES:,} are allowed")


def _jobs(platform: Platform, given: object) -> Sequence[Job]:
    if not isinstance(given, list):
        raise RefusedError("schedules must be a list")
    if given and platform.no_jobs:
        raise RefusedError(platform.no_jobs)
    jobs: dict[str, Job] = {}
    for entry in given:
        texts = isinstance(entry, dict) and all(isinstance(value, str) for value in entry.values())
        if not texts or not {"name", "schedule"} <= set(entry) <= {"name", "schedule", "body"}:
            raise RefusedError("a schedule has the texts name, schedule and body")
        job = Job(**entry)
        if not JOB_NAME.fullmatch(job.name) or job.name in jobs:
            raise RefusedError(f"{job.name!r} is not the name of a schedule, or occurs twice")
        if problem := platform.schedule_problem(job.schedule):
            raise RefusedError(f"the schedule {job.name}: {problem}")
        jobs[job.name] = job
    return tuple(jobs.values())
