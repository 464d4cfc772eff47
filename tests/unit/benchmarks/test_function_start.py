"""The benchmark of starts: a function is started and called for real, as deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.function_start import ENTRY, MEASURED, main, run, unpack, variables
from l3kit.tiering.settings.function_table import FUNCTIONS


def test_every_function_of_the_message_chain_is_measured() -> None:
    chain = {name for name, spec in FUNCTIONS.items() if spec.tier in ("l1", "l2")}
    assert chain | {"writer"} < set(MEASURED) <= set(FUNCTIONS)


def test_only_the_connector_is_told_of_another_cloud() -> None:
    assert {name for name in MEASURED if "REMOTE_INGESTION_URL" in variables("gcp", name)} == {"connector"}


@pytest.mark.slow
@pytest.mark.parametrize("lacking", [ENTRY["aws"], "l3kit/tiering/stream/relay.py"])
def test_a_start_or_call_that_fails_is_told(lacking: str, tmp_path: Path) -> None:
    unpack("aws", "dispatcher", tmp_path / "function")
    (tmp_path / "function" / lacking).unlink()
    with pytest.raises(RuntimeError, match=rf"(?s)aws dispatcher: .*{Path(lacking).stem}"):
        run(tmp_path / "function", "aws", "dispatcher", "http://127.0.0.1:9")


@pytest.mark.slow
@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_every_function_starts_and_is_called_from_its_packed_files(
    cloud: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--clouds", cloud, "--runs", "1"]) == 0
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split("|")[2].strip() for row in rows] == list(MEASURED)
