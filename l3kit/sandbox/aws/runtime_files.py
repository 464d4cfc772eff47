"""Files of the Lambda runtime that are not in the zip: awslambdaric and its dependencies, in a folder of their own."""

from __future__ import annotations

import re
import shutil
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from l3kit.errors import SandboxError


def link_runtime(folder: Path) -> None:
    """Fill `folder` with links to awslambdaric's files, so that a function sees only them of this venv.

    Raises: SandboxError if awslambdaric is not installed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for package in _with_dependencies("awslambdaric"):
        for source in _top_level(package):
            target = folder / source.name
            if source.exists() and not target.exists():
                target.symlink_to(source)


def _with_dependencies(name: str) -> list[Distribution]:
    found: dict[str, Distribution] = {}
    waiting = [name]
    while waiting:
        current = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if current in found:
            continue
        try:
            found[current] = distribution(current)
        except PackageNotFoundError:
            raise SandboxError(
                "sandbox Lambda runtime", f"{current} is not installed", "Install it: pip install 'l3kit[sandbox]'"
            ) from None
        for requirement in found[current].requires or ():
            if "extra ==" not in requirement:
                waiting.append(re.split(r"[^A-Za-z0-9._-]", requirement.strip(), maxsplit=1)[0])
    return list(found.values())


def _top_level(package: Distribution) -> set[Path]:
    root = Path(str(package.locate_file("")))
    names = {file.parts[0] for file in package.files or () if file.parts[0] != ".."}
    return {root / name for name in names if not name.endswith(".dist-info") and name != "__pycache__"}
