"""A twin, a hot store that may fail, and a file to load."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin
from tests.support.loading import FaultyHotStore


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    (tmp_path / "twin").mkdir()
    write_twin(tmp_path / "twin", "plant", "aws", "aws", "aws", ["pump-1", "pump-2"])
    return Twin.load(tmp_path / "twin")


@pytest.fixture
def store() -> FaultyHotStore:
    return FaultyHotStore()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "a.csv"
