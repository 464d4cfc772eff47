"""The mover's reads are strongly consistent: what it takes for gone must be gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from l3kit.conformance.hot_items import END, item, use
from l3kit.sandbox import SandboxState
from l3kit.tiering.ports import HotStore
from tests.conformance import backends

pytestmark = pytest.mark.sandbox


def test_a_page_costs_what_a_strongly_consistent_read_costs(sandbox: SandboxState, aws: Callable[[str], Any]) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item("a", text="x" * 3000)])
        await store.read_page("d", before=END)
        assert store.usage.read_units == 1.0, "an eventually consistent read of 4 KB takes half a unit"

    use(backends.aws(sandbox, aws), steps)
