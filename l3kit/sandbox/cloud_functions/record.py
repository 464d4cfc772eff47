"""A deployed function of Azure or Google Cloud as the sandbox knows it, and what the real services would refuse."""

from __future__ import annotations

import hashlib
import re
import secrets
import sys
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

CLOUDS = ("azure", "gcp")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
MAX_ZIP_BYTES = 100 * 1024 * 1024
"""Of a function's source (Cloud Run functions quotas)."""
FILES = {
    "azure": ("function_app.py", "host.json", "requirements.txt"),
    "gcp": ("main.py", "requirements.txt"),
}
NAMES = {
    "azure": re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])"),
    "gcp": re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"),
}
SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
RESERVED = {
    "azure": re.compile(r"(?:FUNCTIONS_|WEBSITE_|AZURE_FUNCTIONS_|PYTHON).*"),
    "gcp": re.compile(
        r"(?:K_SERVICE|K_REVISION|K_CONFIGURATION|PORT|FUNCTION_TARGET|FUNCTION_SIGNATURE_TYPE|X_GOOGLE_.*)"
    ),
}
"""Settings that the platforms set themselves."""
SANDBOX_PREFIX = "L3KIT_SANDBOX_"
"""Of variables by which the gateway tells a function's host what the function itself must not see."""
MAX_SETTINGS_BYTES = {"azure": 1024 * 1024, "gcp": 32 * 1024}
LABEL = re.compile(r"[a-z0-9_-]{0,63}")
MAX_TIMEOUT = {"azure": 600, "gcp": 3600}
"""Seconds: of a timer on the Consumption plan; of an HTTP function on Cloud Run."""


class RefusedError(Exception):
    """A deployment that the real service would refuse; the message is the answer's."""


@dataclass(frozen=True, slots=True)
class Job:
    """A Cloud Scheduler job: unix cron by UTC, and what it posts."""

    name: str
    schedule: str
    body: str = "{}"


@dataclass(frozen=True, slots=True)
class FunctionRecord:
    """One function. `key` opens its FUNCTION routes on Azure; on Google Cloud it stands for an invoker's token.

    Attributes:
        root: the folder of its unpacked zip.
        dependencies: the folder with what its requirements.txt names.
    """

    cloud: str
    name: str
    settings: Mapping[str, str] = field(repr=False)
    labels: Mapping[str, str]
    timeout: int
    public: bool
    jobs: Sequence[Job]
    code_sha256: str
    root: Path
    dependencies: Path
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def to_json(self, url: str) -> dict[str, Any]:
        """All of it: only the admin API shows it."""
        return {
            "cloud": self.cloud,
            "name": self.name,
            "url": url,
            "code_sha256": self.code_sha256,
            "key": self.key,
            "state": "active",
            "definition": {
                "python": PYTHON,
                "settings": dict(self.settings),
                "labels": dict(self.labels),
                "timeout": self.timeout,
                "public": self.public,
                "schedules": [{"name": j.name, "schedule": j.schedule, "body": j.body} for j in self.jobs],
            },
        }


def check_definition(cloud: str, name: str, definition: object) -> tuple[Job, ...]:
    """The jobs. Raises: RefusedError saying what the service would not take."""
    if not isinstance(definition, dict):
        raise RefusedError("the definition is no JSON object")
    known = {"python", "settings", "labels", "timeout", "public", "schedules"}
    if unknown := sorted(set(definition) - known):
        raise RefusedError(f"the definition has unknown fields: {', '.join(unknown)}")
    if not NAMES[cloud].fullmatch(name):
        raise RefusedError(f"{name!r} is no function name on {cloud}")
    if definition.get("python") != PYTHON:
        raise RefusedError(f"the sandbox runs functions on its own Python {PYTHON}, not {definition.get('python')!r}")
    timeout = definition.get("timeout", 60)
    if type(timeout) is not int or not 1 <= timeout <= MAX_TIMEOUT[cloud]:
        raise RefusedError(f"timeout must be 1 to {MAX_TIMEOUT[cloud]} seconds on {cloud}, not {timeout!r}")
    if not isinstance(definition.get("public", False), bool):
        raise RefusedError(f"public must be true or false, not {definition['public']!r}")
    _check_settings(cloud, definition.get("settings", {}))
    _check_labels(definition.get("labels", {}))
    return _jobs(cloud, definition.get("schedules", []))


def _check_settings(cloud: str, settings: object) -> None:
    if not isinstance(settings, dict):
        raise RefusedError("the settings are no JSON object")
    for key, value in settings.items():
        if not SETTING.fullmatch(key) or not isinstance(value, str) or "\x00" in value:
            raise RefusedError(f"the setting {key!r} is no variable with a text")
        if RESERVED[cloud].fullmatch(key) or key.startswith(SANDBOX_PREFIX):
            raise RefusedError(f"the setting {key} belongs to the platform")
    size = sum(len(key.encode()) + len(value.encode()) for key, value in settings.items())
    if size > MAX_SETTINGS_BYTES[cloud]:
        raise RefusedError(f"the settings have {size:,} bytes; {MAX_SETTINGS_BYTES[cloud]:,} are allowed on {cloud}")


def _check_labels(labels: object) -> None:
    if not isinstance(labels, dict):
        raise RefusedError("the labels are no JSON object")
    for key, value in labels.items():
        if not isinstance(value, str) or not LABEL.fullmatch(key) or not LABEL.fullmatch(value):
            raise RefusedError(f"the label {key!r}={value!r} has other characters than lower case, digits, - and _")


def _jobs(cloud: str, schedules: object) -> tuple[Job, ...]:
    if not isinstance(schedules, list):
        raise RefusedError("the schedules are no JSON array")
    if schedules and cloud == "azure":
        raise RefusedError("Azure's timers stand in the function's code, not beside it")
    jobs = []
    for given in schedules:
        try:
            job = Job(**given)
        except TypeError:
            raise RefusedError("a schedule has a name, a schedule and a body, and nothing else") from None
        if not all(isinstance(text, str) for text in (job.name, job.schedule, job.body)):
            raise RefusedError("a schedule's name, schedule and body are texts")
        if len(job.schedule.split()) != 5:
            raise RefusedError(f"{job.schedule!r} is no unix cron expression of five fields")
        jobs.append(job)
    if len({job.name for job in jobs}) != len(jobs):
        raise RefusedError("two schedules have one name")
    return tuple(jobs)


def open_zip(cloud: str, code: bytes) -> tuple[zipfile.ZipFile, str]:
    """The zip and its SHA-256. Raises: RefusedError for what is no zip, is too large, or lacks a needed file."""
    if len(code) > MAX_ZIP_BYTES:
        raise RefusedError(f"the zip has {len(code):,} bytes; {MAX_ZIP_BYTES:,} are allowed")
    try:
        archive = zipfile.ZipFile(BytesIO(code))
    except zipfile.BadZipFile:
        raise RefusedError("the code is no zip") from None
    names = set(archive.namelist())
    if missing := [name for name in FILES[cloud] if name not in names]:
        raise RefusedError(f"the zip lacks {', '.join(missing)} at its top level")
    if strange := [name for name in names if name.startswith("/") or ".." in Path(name).parts]:
        raise RefusedError(f"the zip holds a path outside of its root: {strange[0]}")
    try:
        broken = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise RefusedError(f"the zip cannot be unpacked ({error})") from None
    if broken:
        raise RefusedError(f"the zip is damaged at {broken}")
    return archive, hashlib.sha256(code).hexdigest()
