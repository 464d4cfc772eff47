"""A twin's own processors: found in its folder and checked without running them."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from l3kit.tiering.stream.processing import DEFAULT, FILE, FOLDER, device_of

MAX_BYTES = 1_000_000
"""Maximum size of a process.py; it is code, not data."""
PACKED = ("orjson", "requests", "zstandard")
"""Modules of other packages that every function has (`dependencies` in pyproject.toml)."""
_UNPACKED = "is not packed: a processor is one file and can import the standard library"


def load_processors(folder: Path, devices: Collection[str]) -> tuple[Mapping[str, bytes], tuple[str, ...]]:
    """Read and check `processors/` in a twin's folder.

    Args:
        devices: the ids that a folder may name.
    Returns: the files for the function's zip by path, and all problems, each with the file.
    """
    files: dict[str, bytes] = {}
    problems: list[str] = []
    seen: dict[str, str] = {}
    for place in _folders(folder / FOLDER, problems):
        where = f"{FOLDER}/{place.name}"
        problems += [f"{where}: {fault}" for fault in _folder_faults(place, devices, seen)]
        content = _read(place / FILE, f"{where}/{FILE}", problems)
        if content is not None:
            problems += [f"{where}/{FILE}: {fault}" for fault in code_faults(content)]
            files[f"{where}/{FILE}"] = content
    return files, tuple(problems)


def code_faults(source: bytes) -> Iterator[str]:
    """Yield the problems with the code of a processor, each with its remedy. The code is not run."""
    if len(source) > MAX_BYTES:
        yield f"is {len(source):,} bytes; at most {MAX_BYTES:,} are allowed"
        return
    try:
        text = source.decode("utf-8-sig")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
            compile(tree, FILE, "exec", dont_inherit=True)
    except UnicodeDecodeError as error:
        yield f"is not UTF-8 (byte {error.start})"
        return
    except SyntaxError as error:
        yield f"line {error.lineno}: {error.msg}"
        return
    except (ValueError, RecursionError, MemoryError) as error:
        yield f"cannot be parsed ({error or type(error).__name__})"
        return
    yield from _function_faults(tree)
    yield from _import_faults(tree)


def _folders(place: Path, problems: list[str]) -> list[Path]:
    try:
        found = sorted(place.iterdir()) if place.exists() else []
        folders = [path for path in found if path.is_dir() and path.name != "__pycache__"]
    except OSError as error:
        problems.append(f"{FOLDER}: cannot be read ({error.strerror})")
        return []
    stray = [path.name for path in found if path.suffix == ".py"]
    problems += [f"{FOLDER}/{name}: {_UNPACKED}. Move it to {FOLDER}/{DEFAULT}/{FILE}" for name in stray]
    return folders


def _folder_faults(place: Path, devices: Collection[str], seen: dict[str, str]) -> Iterator[str]:
    try:
        device = device_of(place.name)
    except ValueError:
        yield "its name is not percent-encoded UTF-8"
        return
    if device != DEFAULT and device not in devices:
        yield f"{device!r} is not a device of config_iot_devices.json; rename the folder to a device or {DEFAULT}"
    if device in seen:
        yield f"stands for the same device as {seen[device]}; keep one of them"
    seen[device] = place.name
    for path in sorted(place.iterdir()):
        if path.name != FILE and (path.suffix == ".py" or path.name == "requirements.txt"):
            yield f"{path.name} {_UNPACKED}, {', '.join(PACKED)}. Remove it"


def _read(path: Path, where: str, problems: list[str]) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        problems.append(f"{where}: the file is missing")
    except OSError as error:
        problems.append(f"{where}: cannot be read ({error.strerror})")
    return None


def _function_faults(tree: ast.Module) -> Iterator[str]:
    found = [node for node in tree.body if getattr(node, "name", None) == "process"]
    if not found:
        yield "has no function process; write def process(event): at the top level"
        return
    function = found[-1]
    if not isinstance(function, ast.FunctionDef):
        yield f"line {found[-1].lineno}: process is not a plain function; write def process(event):"
        return
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    needed = len(positional) - len(given.defaults)
    takes_one = needed <= 1 and (positional or given.vararg)
    if not takes_one or any(default is None for default in given.kw_defaults):
        yield f"line {function.lineno}: process must take one argument, the event"


def _import_faults(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.ImportFrom) and node.level:
            yield f"line {node.lineno}: a relative import finds nothing: a processor is one file"
            continue
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        for name in names:
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names and top not in PACKED:
                yield f"line {node.lineno}: imports {top}, which the function does not have; it has {', '.join(PACKED)}"
