"""The emulators' cases notice what an emulator gets wrong; the program `foreign_servers` runs the other two."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.foreign_servers import FOREIGN, ROOT, run_cases


@pytest.mark.slow
@pytest.mark.sandbox
def test_the_bare_cosmos_server_fails_the_cases_that_the_layer_passes(tmp_path: Path) -> None:
    (bare,) = [foreign for foreign in FOREIGN if "cosmosdb" in foreign.name]
    outcome = run_cases(bare, tmp_path)
    assert not outcome.missed
    assert outcome.passed, "it is right in much"


def test_what_must_fail_is_among_the_cases() -> None:
    for foreign in FOREIGN:
        cases = "".join(file.read_text("utf-8") for file in (ROOT / foreign.cases).glob("test_*.py"))
        assert [name for name in foreign.must_fail if f"def {name}(" not in cases] == []
