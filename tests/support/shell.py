"""The command line on one twin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from l3kit.cli import main


class Shell:
    """Runs verbs on one twin. Each must print one JSON document, and nothing else on stdout."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder, self._capsys = folder, capsys

    def __call__(self, verb: str, *arguments: str, code: int = 0) -> dict[str, Any]:
        ended = main([verb, str(self._folder), *arguments, "--json"])
        told = self._capsys.readouterr()
        assert ended == code, told.out + told.err
        answer: dict[str, Any] = json.loads(told.out)
        return answer
