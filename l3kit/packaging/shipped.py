"""Find what l3kit ships in addition to its modules: entry points, locked versions, notebooks, and their params files.

A checkout has these at its top level, a wheel in `l3kit/shipped/` (see pyproject.toml).
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
"""The folder of l3kit's modules."""


def shipped(name: str, package: Path = PACKAGE) -> Path:
    """Return the path of a file or folder, which exists only in a complete installation.

    Args:
        name: `lambda_code`, `notebooks`, `params` or `requirements.lock`.
        package: the folder of l3kit's modules.
    """
    installed = package / "shipped"
    return (installed if installed.is_dir() else package.parent) / name
