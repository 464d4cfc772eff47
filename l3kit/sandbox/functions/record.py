"""The record of a deployed function."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


class RefusedError(Exception):
    """A deployment that the real service would refuse; the message is its answer."""


@dataclass(frozen=True, slots=True)
class Job:
    """A schedule of a definition, in UTC, and the body it posts."""

    name: str
    schedule: str
    body: str = "{}"


@dataclass(frozen=True, slots=True)
class Definition:
    """A deployment's definition of a function apart from its code, validated.

    Attributes:
        timeout: seconds of one request or run.
        public: whether anybody may call it, where the platform asks and not the function's own routes.
    """

    settings: Mapping[str, str] = field(repr=False)
    labels: Mapping[str, str]
    timeout: int
    public: bool
    jobs: Sequence[Job]

    def to_json(self) -> dict[str, Any]:
        return {
            "python": PYTHON,
            "settings": dict(self.settings),
            "labels": dict(self.labels),
            "timeout": self.timeout,
            "public": self.public,
            "schedules": [{"name": job.name, "schedule": job.schedule, "body": job.body} for job in self.jobs],
        }


@dataclass(frozen=True, slots=True)
class Keys:
    """A function's keys; they survive a redeployment.

    Attributes:
        function: admits a permitted caller.
        master: admits the platform itself to what is closed to all callers.
    """

    function: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    master: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)


@dataclass(frozen=True, slots=True)
class FunctionRecord:
    """One deployment of one function.

    Attributes:
        folder: the only folder that this deployment may write to, removed with it.
        dependencies: the folder with the installed requirements.txt.
    """

    cloud: str
    name: str
    definition: Definition
    code_sha256: str
    folder: Path
    dependencies: Path
    keys: Keys

    @property
    def path(self) -> str:
        """The path of its public address."""
        return f"/_{self.cloud}/{self.name}"

    @property
    def root(self) -> Path:
        """The folder into which the function's zip is unpacked."""
        return self.folder / "code"

    @property
    def scratch(self) -> Path:
        """Its process's home and place for temporary files."""
        return self.folder / "scratch"

    def to_json(self, url: str) -> dict[str, Any]:
        """Return all of it, keys included; only the admin API shows it."""
        return {
            "cloud": self.cloud,
            "name": self.name,
            "url": url,
            "code_sha256": self.code_sha256,
            "key": self.keys.function,
            "master_key": self.keys.master,
            "definition": self.definition.to_json(),
        }
