"""The benchmark of starts: a function is started for real, as deployed."""

from __future__ import annotations

import pytest

from benchmarks.function_start import ON_USE, main, measure, variables
from l3kit.tiering.settings.function_table import FUNCTIONS


def test_every_function_of_the_message_chain_is_measured() -> None:
    chain = {name for name, spec in FUNCTIONS.items() if spec.tier in ("l1", "l2")}
    assert chain | {"writer"} < set(ON_USE) <= set(FUNCTIONS)


def test_only_the_connector_is_told_of_another_cloud() -> None:
    assert {name for name in ON_USE if "REMOTE_INGESTION_URL" in variables("gcp", name)} == {"connector"}


@pytest.mark.slow
def test_a_start_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ON_USE, "dispatcher", ("l3kit.tiering.stream.none",))
    with pytest.raises(RuntimeError, match=r"(?s)aws dispatcher: .*l3kit\.tiering\.stream\.none"):
        measure("aws", "dispatcher", 1)


@pytest.mark.slow
@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_a_function_starts_from_its_packed_files(cloud: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--clouds", cloud, "--functions", "dispatcher", "connector", "--runs", "1"]) == 0
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split("|")[2].strip() for row in rows] == ["dispatcher", "connector"]
