"""The twin's own processors inside a function: each item is handed to the one of its device. No I/O but their files.

docs/configuration.md describes a processor. One that fails costs its message only, which its caller keeps with the
reason; the others of the batch go on.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson

from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.format.exact_numbers import exact_dumps, exact_loads
from l3kit.tiering.format.item_members import item_members
from l3kit.tiering.format.messages import (
    MessageProblem,
    MessageRefusedError,
    MessageRules,
    Telemetry,
    equal_values,
    normalise,
)

FOLDER, FILE, DEFAULT = "processors", "process.py", "default"
"""A processor is `processors/<device or default>/process.py`, in the twin's folder and in the zip alike."""
MAX_CAUSE = 300
"""Maximum characters of what a failed processor said."""
REMEDY = "Correct the processor, apply the twin again, and replay the message"

Process = Callable[[dict[str, Any]], Any]


class _FailedError(Exception):
    """Why a processor gave no items."""


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of a batch.

    Attributes:
        items: to be stored, in the order of the batch.
        failed: what was given, each with the reason.
        dropped: number of those for which a processor returned None or an empty list.
    """

    items: tuple[Telemetry, ...]
    failed: tuple[tuple[Telemetry, MessageRefusedError], ...]
    dropped: int


class Processors:
    """The twin's processors, each loaded before its first item.

    Args:
        files: the `process.py` of each device, and of `default`.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self._loaded: dict[str, Process | _FailedError] = {}

    @classmethod
    def packed_in(cls, root: Path) -> Processors:
        """Find those in a function's package."""
        return cls({device_of(path.parent.name): path for path in sorted((root / FOLDER).glob(f"*/{FILE}"))})

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._files)

    def process(self, items: Sequence[Telemetry], rules: MessageRules, now: datetime) -> Processed:
        """Hand each item to its processor; where there is none, the item stays as it is, and so does a canary.

        Args:
            rules, now: what a processor returns is normalised again.
        """
        done: list[Telemetry] = []
        failed: list[tuple[Telemetry, MessageRefusedError]] = []
        dropped = 0
        for item in items:
            name = item.device_id if item.device_id in self._files else DEFAULT
            if name not in self._files or item.device_id == CANARY_DEVICE:
                done.append(item)
                continue
            try:
                found = self._results(name, item, rules, now)
            except _FailedError as error:
                where = f"{FOLDER}/{name}/{FILE}"
                failed.append(
                    (item, MessageRefusedError(MessageProblem.PROCESSOR_FAILED, "", f"{where} {error}", REMEDY))
                )
                continue
            done += found
            dropped += not found
        return Processed(tuple(done), tuple(failed), dropped)

    def _results(self, name: str, item: Telemetry, rules: MessageRules, now: datetime) -> list[Telemetry]:
        process = self._loaded.get(name)
        if process is None:
            process = self._loaded[name] = _load(self._files[name])
        if isinstance(process, _FailedError):
            raise process
        try:
            result = process(exact_loads(item.json))
        except (Exception, SystemExit) as error:
            raise _FailedError(f"raised {_last_line(error)}") from None
        returned = [] if result is None else result if isinstance(result, list) else [result]
        return [_item(one, item, rules, now) for one in returned]


def device_of(folder: str) -> str:
    """Return the device that a folder's name stands for. Raises: ValueError if it is not percent-encoded UTF-8."""
    return unquote(folder, errors="strict")


def _load(path: Path) -> Process | _FailedError:
    spec = importlib.util.spec_from_file_location(f"l3kit_processor_{path.parent.name}", path)
    if spec is None or spec.loader is None:
        return _FailedError("cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        return _FailedError(f"cannot be loaded: it raised {_last_line(error)}")
    process = getattr(module, "process", None)
    return process if callable(process) else _FailedError("has no function process")


def _last_line(error: BaseException) -> str:
    """Return the traceback's last line, and the line of the processor where it was raised."""
    text = traceback.format_exception_only(error)[-1].strip()[:MAX_CAUSE]
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(FILE)]
    return f"{text} (line {lines[-1]})" if lines else text


def _item(result: Any, given: Telemetry, rules: MessageRules, now: datetime) -> Telemetry:
    """Raises: _FailedError."""
    if not isinstance(result, dict):
        raise _FailedError(f"returned {type(result).__name__} instead of a dict, a list of dicts or None")
    try:
        return normalise(_encoded(result, given), rules, now)
    except MessageRefusedError as error:
        raise _FailedError(f"returned what is no item: {error.field} {error.cause}".replace("  ", " ")) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise _FailedError(f"returned what is not JSON: {str(error)[:MAX_CAUSE]}") from None


def _encoded(result: dict[str, Any], given: Telemetry) -> bytes:
    """Encode a result; members with an unchanged value keep the bytes that the device sent."""
    before, exact = exact_loads(given.json), item_members(given.json)
    parts = []
    for name, value in result.items():
        written = orjson.dumps(name)
        if not isinstance(name, str):
            raise TypeError(f"the name {name!r} is not text")
        same = name in before and equal_values(before[name], value)
        parts.append(b"%b:%b" % (written, exact[written[1:-1]] if same else exact_dumps(value)))
    return b"{%b}" % b",".join(parts)
