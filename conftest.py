"""Every notebook that nbval checks has a sandbox of its own, so that notebooks can be checked side by side."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.own_sandbox import own_sandbox


class OwnSandboxes:
    """Enters a sandbox with a notebook's first cell, before its kernel starts; leaves it with the next test file."""

    def __init__(self) -> None:
        self._notebook: Path | None = None
        self._entered = ExitStack()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        notebook = item.path if item.path.suffix == ".ipynb" else None
        if notebook != self._notebook:
            self.pytest_sessionfinish()
            if notebook is not None:
                self._entered.enter_context(own_sandbox())
            self._notebook = notebook

    def pytest_sessionfinish(self) -> None:
        self._entered.close()


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(OwnSandboxes(), "own-sandboxes")
