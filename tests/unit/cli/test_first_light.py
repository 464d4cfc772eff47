"""`l3kit first-light`: a cloud that has no such run is refused before anything is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.cli import main


@pytest.mark.parametrize(
    "options", [["--yes"], ["--clean-up", "firstlight-0a1b2c3d", "--target", "sandbox"]], ids=["run", "clean up"]
)
def test_a_cloud_without_first_light_is_refused_and_no_report_begun(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["first-light", "azure", *options]) == 1
    printed = capsys.readouterr()
    assert printed.err == "l3kit: Azure: has no first-light run yet. Clouds that have it: aws, gcp\n"
    assert list(tmp_path.iterdir()) == []
