"""A package that adds a cloud, installed: a folder on the import path with its entry points, as pip leaves it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from l3kit.providers import ENTRY_POINTS


@contextmanager
def cloud_installed(folder: Path, name: str, place: str) -> Iterator[None]:
    """Have the package in this folder, for this process and those that it starts.

    Args:
        name: of the cloud.
        place: its `Provider`, as `module:attribute`.
    """
    record = folder / f"l3kit_{name}-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: l3kit-{name}\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\n{name} = {place}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
        yield
