"""Folders of sandboxes (homes) and the names that select them."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from pathlib import Path

from l3kit.errors import SandboxError
from l3kit.notebook.project import is_project
from l3kit.sandbox.state import HOME_VARIABLE, Home

DEFAULT = "default"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def project_root() -> Path:
    """The enclosing project of the working folder, else the working folder itself."""
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if is_project(folder) or (folder / "pyproject.toml").is_file() or (folder / ".git").exists():
            return folder
    return here


def default_home() -> Path:
    """The default sandbox's folder: L3KIT_SANDBOX_HOME, else `.l3kit/sandbox` in the project root.

    A notebook's folder and the project's root therefore share one sandbox.
    """
    chosen = os.environ.get(HOME_VARIABLE, "").strip()
    if chosen:
        return Path(chosen).expanduser().resolve()
    return project_root() / ".l3kit" / "sandbox"


def resolve_home(home: Path | str | None) -> Home:
    """The home at this path; None for the default home."""
    return Home(Path(home).expanduser().resolve() if home is not None else default_home())


def sandbox_home(name: str) -> Path:
    """The folder of the named sandbox, existing or not. Raises: SandboxError for an invalid name."""
    home = default_home()
    if name == DEFAULT:
        return home
    if not _NAME.fullmatch(name):
        raise SandboxError(
            f"sandbox {name!r}",
            "is not a valid name",
            "Use up to 100 letters, digits, periods, hyphens and underscores",
        )
    return home.with_name(f"{home.name}-{name}")


def name_of(home: Path) -> str | None:
    """The name of a sandbox's folder; None for a folder outside the default location."""
    first = default_home()
    if home == first:
        return DEFAULT
    name = home.name.removeprefix(f"{first.name}-")
    return name if home.parent == first.parent and name != home.name and _NAME.fullmatch(name) else None


def named_homes() -> dict[str, Path]:
    """The existing homes by name, the default one first."""
    first = default_home()
    found = {name: path for path in first.parent.glob(f"{first.name}*") if path.is_dir() and (name := name_of(path))}
    return dict(sorted(found.items(), key=lambda pair: (pair[0] != DEFAULT, pair[0])))


def known_home(name: str) -> Path:
    """The existing folder of the named sandbox. Raises: SandboxError listing the known names."""
    home = sandbox_home(name)
    if name == DEFAULT or home.is_dir():
        return home
    known = list(named_homes())
    raise SandboxError(f"sandbox {name}", "has no home in this project", did_you_mean(name, known, "sandboxes"))


def did_you_mean(given: str, known: list[str], what: str) -> str:
    """Remedy for an unknown name: the closest match, else all known names."""
    close = get_close_matches(given, known, 1, 0.5)
    if close:
        return f"Did you mean {close[0]}?"
    return f"Use one of {', '.join(known)}" if known else f"There are no {what} yet"
