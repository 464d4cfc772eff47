"""The machine-readable result of a notebook: one JSON file next to the output notebook, written from the start."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol

from l3kit.errors import ConfigurationError, L3Error
from l3kit.files import write_whole

SECRET_WORDS = ("token", "secret", "password", "credential", "access_key")
MAX_INT_BITS = 14_000
"""Bound for integers as numbers: Python writes up to 4,300 digits; longer ones go into a result as text."""
FOLDER_VARIABLE = "L3KIT_RESULTS"
"""Folder for results without an output notebook, instead of the project's `build/results/`."""
Verdict = Literal["unfinished", "passed", "failed", "interrupted"]


@dataclass(frozen=True, slots=True, repr=False)
class ResultFile:
    """Result of one run of a notebook; displayed as one line with its path.

    Attributes:
        head: facts known at the start of the run: notebook, twin, target, start time, l3kit's version.
        root: the project.
    """

    path: Path
    head: Mapping[str, Any]
    root: Path

    def __repr__(self) -> str:
        inside = self.path.is_absolute() and self.path.is_relative_to(self.root)
        return f"The result is in {self.path.relative_to(self.root) if inside else self.path}."

    def write(self, verdict: Verdict, data: Mapping[str, Any], *, now: datetime | None = None) -> None:
        """Write the result atomically.

        Args:
            data: plain JSON values; `summary` is the sentence that `make demo` prints.
            now: the end of the run.
        Numbers that JSON lacks (NaN, infinities) become null; numpy numbers become plain ones.
        Raises: ConfigurationError if a key names a secret (secrets never leave through results), a value is nested too
            deeply or contains itself, or the file cannot be written; an earlier file is left unchanged.
        """
        name = str(self.head["notebook"])
        ended = {} if verdict == "unfinished" else {"finished": stamp(now or datetime.now(UTC))}
        try:
            known = {**self.head, "verdict": verdict, **ended}
            plain = _plain({**known, **data, **known}, name)
            text = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False, default=str)
        except RecursionError:
            raise ConfigurationError(f"result of {name}", "is nested too deeply", "Give plain values to it") from None
        write_whole(self.path, text + "\n")

    def begin(self) -> None:
        """Record the start of the run, so that a killed run leaves no earlier run's verdict."""
        self.write("unfinished", {"summary": "The notebook has not finished"})

    def failed(self, error: BaseException) -> None:
        """Record why the run failed; result data written before are kept."""
        interrupted = isinstance(error, KeyboardInterrupt)
        self.write("interrupted" if interrupted else "failed", {**_failure_fields(error), **self._so_far()})

    def _so_far(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        ended = isinstance(content, dict) and content.get("verdict") == "passed"
        own = ended and content.get("started") == self.head.get("started")
        return {key: content[key] for key in content if key not in {*self.head, "verdict", "finished"}} if own else {}


class OfARun(Protocol):
    """Validated parameters with the result file of their run."""

    @property
    def result(self) -> ResultFile: ...


def write_result(p: OfARun, data: Mapping[str, Any]) -> ResultFile:
    """Write the result of a notebook that has completed.

    Args:
        p: the notebook's validated parameters.
        data: plain JSON values; `summary` is the sentence that `make demo` prints.
    Returns: the result file. Raises: ConfigurationError if a key names a secret, a value is nested too deeply or
        contains itself, or the file cannot be written.
    """
    p.result.write("passed", data)
    return p.result


def result_file(
    notebook: str,
    given: Mapping[str, Any],
    *,
    root: Path,
    output: Path | None,
    folder: str,
    version: str,
    now: datetime,
    process: int,
) -> ResultFile:
    """Return the result file of this run, with its path and head.

    Args:
        given: the notebook's parameters, not yet validated: `result_path`, `twin` and `target` are read.
        root: the project.
        output: the output notebook, next to which the result is written; None if there is none.
        folder: folder for the result otherwise; empty is the project's `build/results/`.
        process: id of the notebook's kernel; in that folder no two runs write the same file.
    """
    twin = _twin_name(root, given.get("twin"))
    head = {
        "notebook": notebook,
        "twin": twin,
        "target": given.get("target"),
        "started": stamp(now),
        "version": version,
    }
    chosen = given.get("result_path")
    if isinstance(chosen, str) and chosen:
        return ResultFile(Path(chosen), head, root)
    if output is not None:
        return ResultFile(output.with_suffix(".json"), head, root)
    name = f"{notebook}.{twin}.{now.strftime('%Y%m%dT%H%M%SZ')}-{process}.json"
    return ResultFile((Path(folder) if folder else root / "build" / "results") / name, head, root)


def stamp(moment: datetime) -> str:
    """Format a time for results: whole seconds, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _twin_name(root: Path, folder: object) -> str:
    """Return the twin's name from its config file; the folder's name if that cannot be read."""
    if not isinstance(folder, str) or not folder:
        return ""
    place = Path(os.path.normpath(root / folder))
    try:
        name = json.loads((place / "config.json").read_text("utf-8-sig"))["digital_twin_name"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        name = None
    return name if isinstance(name, str) and name.replace("-", "").isalnum() else place.name


def _failure_fields(error: BaseException) -> dict[str, Any]:
    """Return the full text of an l3kit error; only the type of any other, since its text may contain anything."""
    if isinstance(error, L3Error):
        parts = {"resource": error.resource, "cause": error.cause, "remedy": error.remedy}
        return {"summary": str(error), "error": {"type": type(error).__name__, **parts}}
    if isinstance(error, KeyboardInterrupt):
        return {"summary": "Interrupted; run the notebook again, it completes what is missing"}
    kind = type(error).__name__
    return {"summary": f"{kind}: see the notebook's last cell that ran", "error": {"type": kind}}


def names_secret(name: str) -> bool:
    """Return whether a value of that name would be a secret."""
    return any(word in name.lower() for word in SECRET_WORDS)


def _plain(value: Any, where: str, *, secret: bool = False) -> Any:
    """Convert a value to plain JSON; text below a key that names a secret is refused at any depth."""
    if isinstance(value, Mapping):
        return {
            str(key): _plain(inner, f"{where}.{key}", secret=secret or names_secret(str(key)))
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(inner, f"{where}[{index}]", secret=secret) for index, inner in enumerate(value)]
    if secret and isinstance(value, str | bytes) and value:
        raise ConfigurationError(where, "names a secret", "Leave it out of the result")
    if getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, int) and value.bit_length() > MAX_INT_BITS:
        return str(Decimal(value))
    return None if isinstance(value, float) and not math.isfinite(value) else value
