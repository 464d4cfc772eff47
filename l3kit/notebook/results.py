"""The machine-readable result of a notebook: one JSON file beside the output notebook, from its first moment on."""

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

SECRET_WORDS = ("token", "secret", "password", "credential")
MAX_INT_BITS = 14_000
"""Python writes whole numbers of up to 4,300 digits; longer ones go into a result as text."""
FOLDER_VARIABLE = "L3KIT_RESULTS"
"""Folder of the results that have no output notebook to lie beside, in place of the project's `build/results/`."""
Verdict = Literal["unfinished", "passed", "failed", "interrupted"]


@dataclass(frozen=True, slots=True, repr=False)
class ResultFile:
    """The result of one run of a notebook; shown as one line that says where it is.

    Attributes:
        head: what is known of the run from its beginning: notebook, twin, target, when it started, l3kit's version.
        root: the project.
    """

    path: Path
    head: Mapping[str, Any]
    root: Path

    def __repr__(self) -> str:
        inside = self.path.is_absolute() and self.path.is_relative_to(self.root)
        return f"The result is in {self.path.relative_to(self.root) if inside else self.path}."

    def write(self, verdict: Verdict, data: Mapping[str, Any], *, now: datetime | None = None) -> None:
        """Write the result, all or nothing.

        Args:
            data: plain JSON values; `summary` holds the one sentence that `make demo` prints.
            now: the end of the run.
        Numbers that JSON lacks (NaN, infinities) become null; numpy's become plain ones.
        Raises: ConfigurationError where a key names a secret (secrets never leave through results), a value is nested
            too deeply or holds itself, or the file cannot be written; an earlier one is left as it was.
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
        """Write that the run has begun, so that a run that is killed leaves no earlier run's verdict behind."""
        self.write("unfinished", {"summary": "The notebook has not come to its end"})

    def failed(self, error: BaseException) -> None:
        """Note why the run ended; what it had written of its result before stays beside it."""
        interrupted = isinstance(error, KeyboardInterrupt)
        self.write("interrupted" if interrupted else "failed", {**_told(error), **self._so_far()})

    def _so_far(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        ended = isinstance(content, dict) and content.get("verdict") == "passed"
        own = ended and content.get("started") == self.head.get("started")
        return {key: content[key] for key in content if key not in {*self.head, "verdict", "finished"}} if own else {}


class OfARun(Protocol):
    """Checked parameters, which know the result of the run that they were given to."""

    @property
    def result(self) -> ResultFile: ...


def write_result(p: OfARun, data: Mapping[str, Any]) -> ResultFile:
    """Write the result of a notebook that came to its end.

    Args:
        p: the notebook's checked parameters.
        data: as for `ResultFile.write`.
    Returns: where it is. Raises: as `ResultFile.write`.
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
    """Where the result of this run goes, and its head.

    Args:
        given: the notebook's parameters, not yet checked: `result_path`, `twin` and `target` are read.
        root: the project.
        output: the output notebook, beside which the result lies; None where there is none.
        folder: where the result goes otherwise; empty is the project's `build/results/`.
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
    """The moment as a result writes it: whole seconds, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _twin_name(root: Path, folder: object) -> str:
    """The twin's name as its config file has it; its folder's where that cannot be read."""
    if not isinstance(folder, str) or not folder:
        return ""
    place = Path(os.path.normpath(root / folder))
    try:
        name = json.loads((place / "config.json").read_text("utf-8-sig"))["digital_twin_name"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        name = None
    return name if isinstance(name, str) and name.replace("-", "").isalnum() else place.name


def _told(error: BaseException) -> dict[str, Any]:
    """An error of l3kit whole; of any other the type, since its text may hold anything."""
    if isinstance(error, L3Error):
        told = {"resource": error.resource, "cause": error.cause, "remedy": error.remedy}
        return {"summary": str(error), "error": {"type": type(error).__name__, **told}}
    if isinstance(error, KeyboardInterrupt):
        return {"summary": "Interrupted; run the notebook again, it completes what is missing"}
    kind = type(error).__name__
    return {"summary": f"{kind}: see the notebook's last cell that ran", "error": {"type": kind}}


def _plain(value: Any, where: str, *, secret: bool = False) -> Any:
    """The value as plain JSON; text below a key that names a secret is refused, however deep."""
    if isinstance(value, Mapping):
        return {
            str(key): _plain(
                inner, f"{where}.{key}", secret=secret or any(word in str(key).lower() for word in SECRET_WORDS)
            )
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
