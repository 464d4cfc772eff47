"""The suite catches deliberate bugs: each is applied to a copy, and one of its tests must fail there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.bugs.mutation import Mutation
from tests.programs.mutations import MUTATIONS, ROOT, try_out


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_deliberate_bug_is_caught(mutation: Mutation, tmp_path: Path) -> None:
    verdict = try_out(mutation, tmp_path)
    assert verdict.caught_by, f"no test of {mutation.tests} noticed that {mutation.name}:\n{verdict.output[-2000:]}"


def test_every_deliberate_bug_still_fits_the_code_and_can_be_imported() -> None:
    for mutation in MUTATIONS:
        text = (ROOT / mutation.file).read_text("utf-8")
        assert text.count(mutation.old) == 1, mutation.name
        if mutation.file.endswith(".py"):
            compile(text.replace(mutation.old, mutation.new), mutation.name, "exec")
