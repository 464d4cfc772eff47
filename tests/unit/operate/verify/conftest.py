"""A twin on three clouds in memory, and its canary."""

from __future__ import annotations

import pytest

from tests.support.canary_clouds import CanaryWorld
from tests.support.chain import ChainWorld


@pytest.fixture
def world() -> CanaryWorld:
    return CanaryWorld(ChainWorld("aws", "azure", "gcp"))
