"""The shipped example notebooks for a new project, with the params and twins that they name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from l3kit.errors import ConfigurationError
from l3kit.files import os_errors_reported
from l3kit.new_project.rewriting import without_local_links

EXAMPLES = ("walkthrough", "crash_lab", "cost_analysis")
TWINS = ("weather-stations", "crash-lab", "nyc-weather")
"""The twins that these notebooks and their params files name."""
REMEDY = "Install l3kit again"


def example_files(notebooks: Path, params: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the path below the project and the content of each file.

    The paths are those of the checkout, so that notebooks and params files work unchanged.

    Args:
        notebooks, params: the shipped folders.
    Raises: ConfigurationError if a file is missing or cannot be read.
    """
    for name in EXAMPLES:
        yield f"notebooks/{name}.ipynb", _without_outputs(_content(notebooks / f"{name}.ipynb"))
        for path in _files(params, f"{name}.*.yaml"):
            yield f"params/{path.name}", _content(path)
    for twin in TWINS:
        for path in _files(params / "twins" / twin, "*"):
            yield f"params/twins/{twin}/{path.name}", _content(path)


def _files(folder: Path, pattern: str) -> list[Path]:
    """Return the files of this pattern, without those left by runs in a checkout."""
    found = [path for path in sorted(folder.glob(pattern)) if path.is_file() and not path.name.startswith(".")]
    if not found:
        raise ConfigurationError(str(folder), f"has no file {pattern}", REMEDY)
    return [path for path in found if not path.name.startswith("config_inter_cloud")]


def _content(path: Path) -> bytes:
    with os_errors_reported(str(path), "cannot be read", REMEDY):
        return path.read_bytes()


def _without_outputs(notebook: bytes) -> bytes:
    """Return a notebook without outputs, whose links to the repository's pages are plain text."""
    content = json.loads(notebook)
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        else:
            cell["source"] = without_local_links("".join(cell["source"])).splitlines(keepends=True)
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
