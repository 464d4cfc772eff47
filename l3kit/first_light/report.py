"""The report of a run: steps, durations and versions; no secret, no account id."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from l3kit import __version__
from l3kit.clouds.ports.first_light import Recorder, first_light_of
from l3kit.files import write_whole
from l3kit.providers import provider

FORMAT = 1
Verdict = Literal["passed", "failed", "interrupted", "left over"]
PACKAGES = ("orjson", "requests", "zstandard")
"""Packages whose versions the report lists, besides those of the cloud."""
_ACCESS_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b")


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step: its finding in words, its seconds, the cloud's calls by name."""

    name: str
    verdict: Literal["done", "failed", "interrupted"]
    seconds: float
    found: str
    calls: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run.

    Attributes:
        cloud: the name of the cloud.
        account: its last 4 digits.
        estimated_usd: the estimate shown before the run, as text.
        movers: the movers' own reports: requests, retries, units, seconds.
        left: remaining resources, by kind and name; `None` if they could not be listed.
        clean_up: the command that removes them; empty if there are none.
        kept: what the cloud keeps by itself for a while.
    """

    cloud: str
    verdict: Verdict
    target: str
    region: str
    account: str
    twin: str
    started: str
    finished: str
    seconds: float
    estimated_usd: str
    steps: tuple[StepReport, ...]
    movers: tuple[Mapping[str, Any], ...]
    left: tuple[str, ...] | None
    clean_up: str
    kept: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 passed; 1 failed and 130 interrupted, with nothing left; 4 something is left, or it is unknown."""
        return {"passed": 0, "failed": 1, "interrupted": 130, "left over": 4}[self.verdict]

    def to_json(self) -> dict[str, Any]:
        versions = {"l3kit": __version__, "python": platform.python_version(), "system": platform.system()}
        versions |= {name: metadata.version(name) for name in (*first_light_of(self.cloud).packages, *PACKAGES)}
        content = asdict(self)
        command = f"l3kit first-light {content.pop('cloud')}"
        return {"format": FORMAT, "command": command, **content, "versions": versions}

    def to_markdown(self) -> str:
        """The report as a readable page."""
        left = "could not be checked" if self.left is None else ", ".join(self.left) or "nothing"
        rows = [
            f"| {step.name} | {step.verdict} | {step.seconds:.1f} | {sum(step.calls.values())} | {_cell(step.found)} |"
            for step in self.steps
        ]
        versions, title = self.to_json()["versions"], provider(self.cloud).title
        return "\n".join(
            [
                f"# First light on {title}: {self.verdict}",
                "",
                f"Target {self.target}, region {self.region}, account ending in {self.account}, twin {self.twin}.",
                f"From {self.started} to {self.finished}, {self.seconds:.0f} s. "
                f"Estimated before: {self.estimated_usd} USD.",
                ", ".join(f"{name} {version}" for name, version in versions.items()) + ".",
                "",
                f"| step | verdict | seconds | {title} calls | found |",
                "|---|---|---|---|---|",
                *rows,
                "",
                f"Left in the account: {left}.",
                *([f"Clean up: `{self.clean_up}`"] if self.clean_up else []),
                *([f"{title} keeps: {', '.join(self.kept)}."] if self.kept else []),
                "",
            ]
        )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def last_four(account_id: str) -> str:
    """Return the last four digits of an account, as reports show it."""
    return account_id[-4:]


def redacted(value: Any, secrets: Sequence[str]) -> Any:
    """Return the value with these texts and every access key id redacted, in keys and values alike."""
    if isinstance(value, Mapping):
        return {redacted(str(key), secrets): redacted(inner, secrets) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(inner, secrets) for inner in value]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, "...")
        return _ACCESS_KEY.sub("...", value)
    return value


def save(report: Report, path: Path, secrets: Sequence[str]) -> tuple[Path, Path]:
    """Write the report as JSON, and next to it as markdown, each atomically.

    Returns: both paths. Raises: ConfigurationError.
    """
    beside = path.with_suffix(".md")
    write_whole(path, json.dumps(redacted(report.to_json(), secrets), indent=2, ensure_ascii=False) + "\n")
    write_whole(beside, redacted(report.to_markdown(), secrets))
    return path, beside


def save_recording(recorder: Recorder, report: Path) -> Path:
    """Write what was recorded next to the report, atomically; as plain text, to be read before it is passed on.

    Returns: its path. Raises: CheckFailedError if something private is in it; ConfigurationError.
    """
    path = report.with_suffix(".recording.jsonl")
    write_whole(path, recorder.text())
    return path
