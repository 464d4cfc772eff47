"""The twin's own processors: found in a package, loaded, and applied to one item at a time. Reads only their files.

docs/reference/configuration.md describes a processor. It runs in a process of its own (`processor_child`).
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson

from l3kit.tiering.format.equal_items import equal_values
from l3kit.tiering.format.exact_numbers import exact_dumps, exact_loads
from l3kit.tiering.format.item_members import item_members

FOLDER, FILE, DEFAULT = "processors", "process.py", "default"
"""A processor is `processors/<device or default>/process.py`, in the twin's folder and in the zip alike."""
MAX_CAUSE = 300
"""Maximum characters of a failed processor's message."""
MAX_RESULT_BYTES = 4 * 1024 * 1024
"""Maximum bytes that a processor may return for one item, as JSON."""

Process = Callable[[dict[str, Any]], Any]


class ProcessorFailedError(Exception):
    """A processor returned no result; the error's text may be shown."""


class Processors:
    """The twin's processors, each loaded before its first item.

    Args:
        files: the `process.py` of each.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self._loaded: dict[int, Process | ProcessorFailedError] = {}

    def results(self, number: int, item: bytes) -> list[bytes]:
        """Apply a processor to an item; return its result as JSON, with the exact bytes of unchanged values.

        Raises: ProcessorFailedError; MemoryError.
        """
        process = self._loaded.get(number)
        if process is None:
            process = self._loaded[number] = _load(self._files[number])
        if isinstance(process, ProcessorFailedError):
            raise process
        try:
            result = process(exact_loads(item))
        except MemoryError:
            raise
        except BaseException as error:  # KeyboardInterrupt and the like as well: the next item goes on
            raise ProcessorFailedError(f"raised {_last_line(error)}") from None
        results = [_written(one, item) for one in _listed(result)]
        if sum(map(len, results)) > MAX_RESULT_BYTES:
            raise ProcessorFailedError(f"returned more than {MAX_RESULT_BYTES:,} bytes for one message")
        return results


def files_in(root: Path) -> dict[str, Path]:
    """The processors in a function's package, by device or `default`."""
    return {device_of(path.parent.name): path for path in sorted((root / FOLDER).glob(f"*/{FILE}"))}


def device_of(folder: str) -> str:
    """Decode a folder's name to a device id. Raises: ValueError if it is not percent-encoded UTF-8."""
    return unquote(folder, errors="strict")


def _load(path: Path) -> Process | ProcessorFailedError:
    spec = importlib.util.spec_from_file_location(f"l3kit_processor_{path.parent.name}", path)
    if spec is None or spec.loader is None:
        return ProcessorFailedError("cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    try:
        spec.loader.exec_module(module)
    except MemoryError:
        raise
    except BaseException as error:
        return ProcessorFailedError(f"cannot be loaded: it raised {_last_line(error)}")
    process = getattr(module, "process", None)
    return process if callable(process) else ProcessorFailedError("has no function process")


def _last_line(error: BaseException) -> str:
    """Return the traceback's last line, and the line of the processor where it was raised."""
    try:
        text = traceback.format_exception_only(error)[-1].strip()[:MAX_CAUSE]
    except BaseException:  # an exception of the processor's own that cannot be shown
        text = type(error).__name__
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(FILE)]
    return f"{text} (line {lines[-1]})" if lines else text


def _listed(result: Any) -> list[Any]:
    if result is None:
        return []
    return result if isinstance(result, list) else [result]


def _written(result: Any, given: bytes) -> bytes:
    """Encode a result. Raises: ProcessorFailedError."""
    if not isinstance(result, dict):
        raise ProcessorFailedError(f"returned {type(result).__name__} instead of a dict, a list of dicts or None")
    try:
        return _encoded(result, given)
    except (TypeError, ValueError, RecursionError) as error:
        raise ProcessorFailedError(f"returned what is not JSON: {str(error)[:MAX_CAUSE]}") from None


def _encoded(result: dict[str, Any], given: bytes) -> bytes:
    """Encode a result; members with an unchanged value keep the bytes that the device sent."""
    before, exact = exact_loads(given), item_members(given)
    parts = []
    for name, value in result.items():
        written = orjson.dumps(name)
        if not isinstance(name, str):
            raise TypeError(f"the name {name!r} is not text")
        same = name in before and equal_values(before[name], value)
        parts.append(b"%b:%b" % (written, exact[written[1:-1]] if same else exact_dumps(value)))
    return b"{%b}" % b",".join(parts)
